// `expect-tensor device-worker` prints the worker's source, and its help says how to build it.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runProgram } from './run-program.ts'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const source = read('device/worker.cpp')

test('prints the file that is in the package', async () => {
  expect(await runProgram('device-worker')).toEqual({ code: 0, out: source.trimEnd(), err: '' })
  const { out } = await runProgram('device-worker', '--json')
  expect(JSON.parse(out)).toEqual({ path: expect.stringMatching(/device.worker\.cpp$/), source: source.trimEnd() })
})

test('names no file', async () => {
  expect(await runProgram('device-worker', 'worker.cpp')).toMatchObject({
    code: 2,
    err: expect.stringContaining('there is nothing to name: the source goes to standard output'),
  })
})

test('has the lines that build it, which the documentation has, too', async () => {
  const { out } = await runProgram('device-worker', '--help')
  const compilers = out.match(/^ {2}\S*(c\+\+|g\+\+|clang\+\+) .*/gm) ?? []
  expect(compilers).toHaveLength(3)
  const documentation = read('docs/devices.md')
  for (const line of compilers) expect(documentation).toContain(line.trim())
})
