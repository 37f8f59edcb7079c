// docs/hints.md names every code that a hint can have.
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const folder = new URL('../../src/compare/hints/', import.meta.url)
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
const codes = new Set(
  sources.flatMap((name) =>
    [...readFileSync(new URL(name, folder), 'utf8').matchAll(/code: '([a-z0-9-]+)'/g)].map(([, code]) => code),
  ),
)

test.each([...codes])('%s', (code) => {
  const text = readFileSync(new URL('../../docs/hints.md', import.meta.url), 'utf8')
  const firstColumns = text.split('\n').flatMap((line) => (line.startsWith('| `') ? [line.split(' | ')[0]] : []))
  expect(firstColumns.some((column) => column?.includes(`\`${code}\``))).toBe(true)
})
