// Section `import` of `npm run bench`: what importing the built package costs a test file, in processes of their own.
import { existsSync } from 'node:fs'
import { formatTime, inNewProcess, interleave, markdownTable } from './measure.ts'
import type { SectionResult } from './section.ts'

const dist = new URL('../dist/', import.meta.url)

/** Vitest's module, and of its worker what `inject` asks: the module is imported by itself here. */
const vitest = "await import('vitest'); globalThis.__vitest_worker__ = { providedContext: {} }"
const expect = "await import('expect')"

/** Each is imported in a new Node process that has loaded the test framework already, as a test file's process has. */
const entries = [
  { name: 'expect-tensor', file: 'index.js', framework: vitest },
  { name: 'expect-tensor/vitest', file: 'vitest.js', framework: vitest },
  { name: 'expect-tensor/expect', file: 'expect.js', framework: expect },
  { name: 'expect-tensor/files', file: 'files.js', framework: vitest },
  { name: 'expect-tensor/ncnn', file: 'ncnn.js', framework: vitest },
] as const

export async function benchImport(): Promise<SectionResult> {
  const missing = entries.filter(({ file }) => !existsSync(new URL(file, dist)))
  if (missing.length > 0) return { markdown: 'The package is not built: run `npm run build` first.', data: [] }
  const timings = await interleave(
    entries.map(({ name, file, framework }) =>
      inNewProcess(name, framework, `await import(${JSON.stringify(new URL(file, dist).href)})`),
    ),
  )
  const rows = timings.map(({ name, median, fastest }) => [name, formatTime(median), formatTime(fastest)])
  return { markdown: markdownTable(['entry', 'median', 'fastest'], rows), data: timings }
}
