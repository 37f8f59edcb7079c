// README names all there is: every matcher and every option of a comparison in its tables, every entry point, every command.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { commands } from '../../src/cli/index.ts'
import { optionNames } from '../../src/compare/options/check-options.ts'
import { presets } from '../../src/compare/options/presets.ts'
import { tensorMatchers } from '../../src/matchers/index.ts'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

/** The first cells of the table whose header begins with that cell. */
function firstColumn(header: string): string[] {
  const lines = readme.split('\n')
  const start = lines.findIndex((line) => line.startsWith(`| ${header} `))
  if (start < 0) throw new Error(`README has no table that begins with "${header}"`)
  const end = lines.findIndex((line, i) => i > start && !line.startsWith('|'))
  return lines.slice(start + 2, end).map((line) => line.split(' | ')[0])
}

/** Names in backticks: `toHaveShape(shape)` is toHaveShape, `expect.tensorCloseTo(...)` tensorCloseTo. */
const namesIn = (cells: readonly string[]): string[] =>
  cells.flatMap((cell) => [...cell.matchAll(/`(?:expect\.)?(\w+)[^`]*`/g)].map(([, name]) => name)).sort()

test('the table of matchers', () => {
  expect(namesIn(firstColumn('matcher'))).toEqual(Object.keys(tensorMatchers).sort())
})

test('the table of options', () => {
  expect(namesIn(firstColumn('option'))).toEqual([...optionNames].sort())
})

test('the table of presets, with their numbers', () => {
  const rows = readme.matchAll(/^\| `'([\w-]+)'` +\| (\S+) +\| (\S+) +\|/gm)
  const shown = Array.from(rows, ([, name, rtol, atol]) => [name, { rtol: Number(rtol), atol: Number(atol) }])
  expect(Object.fromEntries(shown)).toEqual(presets)
})

test('every entry point', () => {
  const entries = Object.keys(packageJson.exports).filter((entry) => entry !== '.' && entry !== './package.json')
  const names = entries.map((entry) => entry.replace('.', packageJson.name))
  expect(names.filter((name) => !new RegExp(`['\`]${name}['\`]`).test(readme))).toEqual([])
})

test('every command', () => {
  const missing = Object.keys(commands).filter((name) => !new RegExp(`npx expect-tensor ${name}\\b`).test(readme))
  expect(missing).toEqual([])
})
