import { expect, test } from 'vitest'
import { columns } from '../../src/explain/columns.ts'

test('lines numbers up at their decimal points and leaves no trailing spaces', () => {
  const lines = columns(
    [
      ['at', 'value', 'x', ''],
      ['[0]', '-12.5', '1', ''],
      ['[10]', '0.125', '20', 'worst'],
      ['[200]', '3e-7', '300', ''],
    ],
    ['left', 'point', 'right', 'left'],
  )
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "at     value      x
    [0]    -12.5      1
    [10]     0.125   20  worst
    [200]    3e-7   300"
  `)
})
