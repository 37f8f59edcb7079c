// docs/errors.md names every code that an error can have, and no other.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { tensorFileErrorCodes } from '../../src/files/error.ts'
import { modelErrorCodes } from '../../src/runners/model-error.ts'

const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')

/** The codes in the table of a section, in its order. */
function documented(heading: string): string[] {
  const [, section = ''] = text.split(`\n## ${heading}\n`)
  const [body] = section.split('\n## ')
  return [...body.matchAll(/^\| `([a-z-]+)` \| (?!what happened)/gm)].map(([, code]) => code)
}

test.each([
  ['Models', modelErrorCodes],
  ['Tensor files', tensorFileErrorCodes],
])('%s', (heading, codes) => {
  expect(documented(heading)).toEqual([...codes])
})
