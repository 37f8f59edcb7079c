// The line at the top of each built chunk binds exactly what a test cannot replace, and leaves nothing of it to be looked up later.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'tsdown'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bindGlobals } from '../../scripts/bind-globals.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'expect-tensor-globals-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

async function built(source: string, format: 'esm' | 'cjs' = 'esm'): Promise<string> {
  const entry = join(folder, 'entry.ts')
  writeFileSync(entry, source)
  const options = {
    entry,
    format,
    outDir: folder,
    clean: false,
    dts: false,
    config: false,
    logLevel: 'silent',
  } as const
  await build({ ...options, cwd: folder, hash: false, plugins: [bindGlobals()] })
  return readFileSync(join(folder, format === 'esm' ? 'entry.mjs' : 'entry.cjs'), 'utf8')
}

const bound = (code: string): string | undefined => /^const \{ (.*) \} = globalThis;$/m.exec(code)?.[1]

test.each(['esm', 'cjs'] as const)('the globals of the language become constants of the chunk: %s', async (format) => {
  const code = await built('export const norm = (x: number[]) => Math.hypot(...Float64Array.from(x)) || NaN', format)
  expect(bound(code)).toContain('Float64Array, Math, NaN')
})

test('names that the code declares are its own', async () => {
  const code = await built(`
    const JSON = { parse: (x: string) => x }
    export const f = (Math: number, { Set }: { Set: number }) => JSON.parse(String(Math + Set))`)
  expect(bound(code)).toBe('String')
})

test('a name that is declared in one function is bound for another', async () => {
  const code = await built('export const f = (Math: number) => Math\nexport const g = (x: number) => Math.abs(x)')
  expect(bound(code)).toBe('Math')
})

test('what tests replace, and what only some environments have, is looked up when it is used', async () => {
  const names = ['Date', 'Intl', 'Promise', 'WebAssembly', 'console', 'globalThis', 'process', 'fetch', 'TextDecoder']
  expect(bound(await built(`export const now = () => [${names}, undefined]`))).toBeUndefined()
})

test('a first line for the shell and directives stay first', async () => {
  const code = await built("#!/usr/bin/env node\n'use strict'\nconsole.log(Math.PI)", 'cjs')
  expect(code).toMatch(/^#!\/usr\/bin\/env node\n/)
  expect(code.indexOf('const { Math } = globalThis')).toBeGreaterThan(code.lastIndexOf('use strict'))
})
