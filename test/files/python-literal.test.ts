import { expect, test } from 'vitest'
import { parsePythonLiteral } from '../../src/files/python-literal.ts'

test.each([
  ["'<f4'", '<f4'],
  ['"a\\\'b\\\\"', "a'b\\"],
  ['-12', -12],
  ['3L', 3],
  ['True', true],
  ['None', null],
  ['()', []],
  ['(3)', 3],
  ['(3,)', [3]],
  ['( 1, 2 , )', [1, 2]],
  [
    "[('a', '<f4'), ('b', '<i2', (2,))]",
    {
      list: [
        ['a', '<f4'],
        ['b', '<i2', [2]],
      ],
    },
  ],
  [
    "{'a': 1, 'b': {'c': False}, }\n",
    new Map<string, unknown>([
      ['a', 1],
      ['b', new Map([['c', false]])],
    ]),
  ],
  ['{}', new Map()],
])('reads %s', (text, value) => {
  expect(parsePythonLiteral(text)).toEqual(value)
})

test.each([
  ["{'a': 1", /expected ',' or '}' at character 7, found the end/],
  ["{'a' 1}", /expected ':' at character 5, found "1}"/],
  ['{1: 2}', /a string as key/],
  ["{'a': 1, 'a': 2}", /another key than a second "a"/],
  ['(1 2)', /expected ',' or '\)' at character 3/],
  ['(,)', /expected a value at character 1/],
  ["'abc", /expected the closing ' at character 4/],
  ["'\\x41'", /a simple escape/],
  ['1.5', /expected the end at character 1/],
  ['12345678901234567890', /an integer below 2\^53/],
  ['__import__("os")', /expected a value at character 0/],
  ['(1, 2) + (3,)', /expected the end/],
  ['', /expected a value at character 0, found the end/],
  ['('.repeat(1e6), /expected less nesting/],
])('refuses %s', (text, message) => {
  expect(() => parsePythonLiteral(text)).toThrow(SyntaxError)
  expect(() => parsePythonLiteral(text)).toThrow(message)
})
