// `npm run bench`: runs the sections named on the command line (default: all), prints Markdown, writes JSON.
import { mkdir, writeFile } from 'node:fs/promises'
import { describeMachine } from './machine.ts'
import type { SectionResult } from './section.ts'

/** A section is loaded when it runs: some bring heavy peers along. */
const sections: Readonly<Record<string, () => Promise<SectionResult>>> = {
  compare: async () => (await import('./compare.ts')).benchCompare(),
  hints: async () => (await import('./hints.ts')).benchHints(),
  kernels: async () => {
    const kernels = await (await import('./kernels.ts')).benchKernels()
    const convolutions = await (await import('./peer-convolutions.ts')).benchPeerConvolutions()
    return {
      markdown: `${kernels.markdown}\n\n${convolutions.markdown}`,
      data: { kernels: kernels.data, convolutions: convolutions.data },
    }
  },
  models: async () => (await import('./models.ts')).benchModels(),
  cold: async () => (await import('./cold.ts')).benchCold(),
  load: async () => (await import('./load.ts')).benchLoad(),
  'test-runners': async () => (await import('./test-runners.ts')).benchTestRunners(),
  import: async () => (await import('./import.ts')).benchImport(),
}

const results = new URL('results/', import.meta.url)
const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !Object.hasOwn(sections, name))
if (unknown.length > 0) {
  throw new Error(`there is no section ${unknown.join(', ')}; there are ${Object.keys(sections).join(', ')}`)
}
const machine = describeMachine()
await mkdir(results, { recursive: true })
for (const [name, measure] of Object.entries(sections)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  const { markdown, data } = await measure()
  process.stdout.write(`## ${name}\n\n${machine}; CPU time, median of interleaved rounds.\n\n${markdown}\n\n`)
  await writeFile(new URL(`${name}.json`, results), `${JSON.stringify({ machine, data }, null, 2)}\n`)
}
