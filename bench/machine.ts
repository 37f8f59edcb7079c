// What the numbers were measured on, in words.
import { readFileSync } from 'node:fs'
import os from 'node:os'

/** Processor and runtime. Virtual machines hide a processor's name, but not its family and model. */
export function describeMachine(): string {
  const name = os.cpus()[0]?.model ?? 'unknown processor'
  const family = numberOf('cpu family')
  const model = numberOf('model')
  const kind = family === undefined || model === undefined ? '' : ` (family ${family}, model ${model})`
  return `${name}${kind}, Node ${process.version}`
}

/** What Linux says of the first processor; undefined elsewhere. */
function numberOf(field: string): string | undefined {
  if (process.platform !== 'linux') return undefined
  return new RegExp(`^${field}\\s*: (\\d+)$`, 'm').exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]
}

/** The version of an installed package that something is measured in, or against. */
export function versionOf(name: string): string {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url)
  return `${name} ${JSON.parse(readFileSync(file, 'utf8')).version}`
}
