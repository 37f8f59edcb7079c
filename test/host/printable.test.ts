// What a terminal would act on is shown, not sent.
import { expect, test } from 'vitest'
import { printable } from '../../src/host/printable.ts'

test('control characters are written out, line ends and other languages stay', () => {
  expect(printable('conv\u001b[2J\u009b1m\r\u0007\nüß 層 🙂')).toBe('conv\\x1b[2J\\x9b1m\\x0d\\x07\nüß 層 🙂')
})

test('a line of a megabyte is cut off, the others are not', () => {
  const [first = '', second] = printable(`${'x'.repeat(1e6)}\nshort`).split('\n')
  expect(first).toBe(`${'x'.repeat(2000)}… (1000000 characters)`)
  expect(second).toBe('short')
})
