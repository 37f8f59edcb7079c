// What a block that begins with `const copy = unrolled(n)` is compiled to, and what is no such block.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

interface Compiler {
  main(
    flags: readonly string[],
    files: {
      readFile(name: string): string | null
      writeFile(name: string, contents: string): void
      listFiles(): readonly string[]
    },
  ): Promise<{ error: Error | null; stderr: { toString(): string } }>
}

/** Not to be seen by the type checker, to which the compiler would declare its globals. */
const compilerName: string = 'assemblyscript/asc'
const { default: compiler }: { default: Compiler } = await import(compilerName)

const transform = fileURLToPath(new URL('../../scripts/unroll-blocks.mjs', import.meta.url))
const unrolled = readFileSync(new URL('../../src/kernels/assembly/unrolled.ts', import.meta.url), 'utf8')

/** What becomes of a function's body: its instructions as text, or the compiler's errors. */
async function compile(body: string, flags = [`--transform=${transform}`]): Promise<string> {
  const sources = new Map([
    ['kernel.ts', `import { unrolled } from './unrolled'\nexport function f(p: usize, end: usize): void {\n${body}\n}`],
    ['unrolled.ts', unrolled],
  ])
  let text = ''
  const { error, stderr } = await compiler.main(
    ['kernel.ts', '--textFile=kernel.wat', '--runtime=stub', '--optimizeLevel=3', '--noColors', ...flags],
    {
      readFile: (name) => sources.get(name) ?? null,
      writeFile: (_, contents) => {
        text = contents
      },
      listFiles: () => [],
    },
  )
  return error ? stderr.toString() : text
}

const writtenOut = `
while (p < end) {
  store<i32>(p, load<i32>(p))
  if (load<i32>(p) == -1) break
  store<i32>(p, load<i32>(p, 4) + 2, 4)
  if (load<i32>(p) == -2) break
  store<i32>(p, load<i32>(p, 8) + 4, 8)
  p += 12
}`

test('a loop is what is written out', async () => {
  const loop = `
while (p < end) {
  const turn = unrolled(3), at = 4 * turn
  const added = 2 * turn
  store<i32>(p, load<i32>(p, at) + added, at)
  if (turn == 2) p += 12
  else if (load<i32>(p) == -1 - turn) break
}`
  const text = await compile(loop)
  expect(text).toBe(await compile(writtenOut))
  expect(text).toContain('i32.load offset=8')
})

test('blocks within copies have copies of their own', async () => {
  const nested = `
{
  const row: usize = unrolled(2)
  {
    const column: usize = unrolled(2)
    store<usize>(p, 2 * row + column, 8 * row + 4 * column)
  }
}`
  const stores = [0, 1, 2, 3].map((value) => `store<i32>(p, ${value}, ${4 * value})`)
  expect(await compile(nested)).toBe(await compile(stores.join('\n')))
})

test('a loop within copies may continue', async () => {
  const loop = 'for (; p < end; p++) { if (load<u8>(p)) continue; store<u8>(p, 1) }'
  expect(await compile(`{ const turn = unrolled(1); ${loop} }`)).toBe(await compile(loop))
})

test('refuses what is no such block, and says where', async () => {
  const count = 'How many copies is to be written as a number.'
  const place = 'This belongs at the beginning of a block: const copy = unrolled(16)'
  const mistakes = [
    ['const n = 4; while (p < end) { const turn = unrolled(n); p += 4 }', 38, count],
    ['while (p < end) { const turn = unrolled(0); p += 4 }', 25, count],
    ['while (p < end) { const turn = unrolled(); p += 4 }', 25, count],
    ['while (p < end) { p += 4; const turn = unrolled(2) }', 40, place],
    ['while (p < end) { let turn = unrolled(2); p += 4 }', 30, place],
    ['while (p < end) { const next = p + 4, turn = unrolled(2); p = next }', 46, place],
    ['for (const turn = unrolled(2); p < end; p++) {}', 19, place],
    [
      'while (p < end) { const turn = unrolled(2); if (turn) continue; p += 4 }',
      55,
      'The copies that follow would be left out.',
    ],
  ] as const
  // compiled together: the compiler reads its library anew each time
  const errors = await compile(mistakes.map(([body]) => `{ ${body} }`).join('\n'))
  const found = [...errors.matchAll(/Transform 'unrolled': ([^\n]*).*?in kernel\.ts\((\d+),(\d+)\)/gs)]
  expect(found.map(([, message, line, column]) => [Number(line), Number(column), message])).toEqual(
    mistakes.map(([, column, message], i) => [3 + i, column + 2, message]),
  )
})

test('nothing is compiled without the transform', async () => {
  expect(await compile('while (p < end) { const turn = unrolled(2); p += 4 }', [])).toContain(
    'scripts/unroll-blocks.mjs has to be given to the compiler',
  )
})
