import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { highlight } from '../../src/cli/highlight.ts'

const text = [
  'The models part at layer "avg" (Pooling): parameter',
  '',
  '     act    HardSwish    h1',
  '  >  avg    Pooling      p1',
  '',
  '  Repair, verified by a run: avg agrees when it takes the average.',
].join('\n')

test('colours the verdict, culprits and repair, and changes no character', () => {
  const shown = highlight(text, { agrees: false })
  expect(stripVTControlCharacters(shown)).toBe(text)
  const [red, green, reset] = ['\u001b[31m', '\u001b[32m', '\u001b[39m']
  const [verdict, , other, culprit, , repair] = shown.split('\n')
  expect(verdict).toContain(red)
  expect([culprit, repair]).toEqual([
    `${red}  >  avg    Pooling      p1${reset}`,
    `${green}  Repair, verified by a run: avg agrees when it takes the average.${reset}`,
  ])
  expect(other).toBe('     act    HardSwish    h1')
  expect(highlight('Both models give the same outputs', { agrees: true })).toContain(green)
})
