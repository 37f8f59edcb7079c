// The engine gives the same bits everywhere only without the host's transcendental functions, which differ between JavaScript
// engines. Powers of two with constant exponents are exact in all of them.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../../../../../src/runners/ncnn/engines/wasm')
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const hostFunctions =
  /Math\.(exp|expm1|log|log1p|log2|log10|pow|sinh?|cosh?|tanh?|asinh?|acosh?|atanh?|atan2|cbrt|hypot|random)\b|(?<!\b2) \*\* |\*\* (?!-?\d)/

const withoutComments = (source: string): string => source.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')

test('the pattern finds what it is for', () => {
  for (const code of ['Math.exp(x)', 'Math.atan2(y, x)', 'x ** 2', '2 ** level']) expect(code).toMatch(hostFunctions)
  for (const code of ['Math.sqrt(x)', '2 ** -27', 'exp(x)']) expect(code).not.toMatch(hostFunctions)
})

test('no host transcendental function is called in the engine', () => {
  expect(files.length).toBeGreaterThan(80)
  const found = files.filter((file) => hostFunctions.test(withoutComments(readFileSync(join(root, file), 'utf8'))))
  expect(found).toEqual([])
})
