// Options that do not exist are errors that name the right one, wherever it stands.
import { describe, expect, test } from 'vitest'
import { didYouMean } from '../../src/arguments/did-you-mean.ts'
import { checkOptionNames, type OptionTable } from '../../src/arguments/options.ts'

const table: OptionTable = {
  engine: 'any',
  batched: 'boolean',
  timeout: 'number',
  path: 'string',
  onTensor: 'function',
  ncnn: { numThreads: 'number', useFp16Storage: 'boolean' },
}

test.each<[unknown]>([
  [undefined],
  [{}],
  [{ engine: null, batched: false, timeout: 1, path: '', onTensor: () => undefined, ncnn: { useFp16Storage: true } }],
  [{ batched: undefined, ncnn: undefined }],
  [{ ncnn: { numThreads: undefined } }],
  [Object.assign(Object.create(null), { timeout: 1 })],
])('takes %o', (options) => {
  expect(() => checkOptionNames(options, table)).not.toThrow()
})

describe('refuses', () => {
  test.each<[string, unknown, string]>([
    ['a misspelt option', { engin: 1 }, "unknown option 'engin' (did you mean 'engine'?)"],
    ['two letters swapped', { ptah: 1 }, "unknown option 'ptah' (did you mean 'path'?)"],
    [
      'an option of an option that is misspelt',
      { ncnn: { numThread: 1 } },
      "'ncnn.numThread' (did you mean 'ncnn.numThreads'?)",
    ],
    ['another way of writing', { on_tensor: 1 }, "unknown option 'on_tensor' (did you mean 'onTensor'?)"],
    [
      'one that belongs one level deeper',
      { useFp16Storage: true },
      "unknown option 'useFp16Storage': useFp16Storage belongs into ncnn: { useFp16Storage: ... }",
    ],
    [
      'one that belongs one level deeper, written otherwise',
      { use_fp16_storage: true },
      "unknown option 'use_fp16_storage': useFp16Storage belongs into ncnn: { useFp16Storage: ... }",
    ],
    [
      'one that belongs one level higher',
      { ncnn: { batched: true } },
      "unknown option 'ncnn.batched': batched stands beside ncnn, not in it",
    ],
    [
      'what is like none',
      { colour: 1 },
      "unknown option 'colour'; there are engine, batched, timeout, path, onTensor, ncnn",
    ],
    ['what every object inherits', { constructor: 1 }, "unknown option 'constructor'"],
    ['one that is undefined', { colour: undefined }, "unknown option 'colour'"],
    ['a word for a flag', { batched: 'yes' }, 'batched must be true or false, got the string "yes"'],
    ['null for a number', { timeout: null }, 'timeout must be a number, got null'],
    ['a number for a word', { path: 1 }, 'path must be a string, got the number 1'],
    ['a name for a function', { onTensor: 'log' }, 'onTensor must be a function, got the string "log"'],
    ['a number for a flag inside', { ncnn: { useFp16Storage: 1 } }, 'ncnn.useFp16Storage must be true or false'],
    [
      'a word for options inside',
      { ncnn: 'fast' },
      'ncnn must be an object such as { numThreads: ... }, got the string "fast"',
    ],
    ['null', null, 'the options must be an object such as { engine: ... }, got null'],
    ['a list', [1], 'the options must be an object such as { engine: ... }, got an array'],
    [
      'a map, which has no names',
      new Map([['engine', 1]]),
      'the options must be an object such as { engine: ... }, got a Map',
    ],
    ['a URL', new URL('file:///x'), 'the options must be an object such as { engine: ... }, got a URL'],
  ])('%s', (_, options, message) => {
    expect(() => checkOptionNames(options, table)).toThrow(TypeError)
    expect(() => checkOptionNames(options, table)).toThrow(message)
  })

  test('in the name of who was called, by an error of its kind', () => {
    const caller = { name: 'loadNcnn', error: (message: string) => new RangeError(message) }
    expect(() => checkOptionNames({ engin: 1 }, table, caller)).toThrow(
      new RangeError("loadNcnn: unknown option 'engin' (did you mean 'engine'?)"),
    )
  })

  test('without a list of very many names', () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`option${i}`, 'any' as const]))
    expect(() => checkOptionNames({ colour: 1 }, many)).toThrow(/^unknown option 'colour'$/)
  })
})

test.each([
  ['rtol', ['atol', 'rtol'], " (did you mean 'rtol'?)"],
  ['tolr', ['atol', 'rtol'], ''],
  ['rotl', ['atol', 'rtol'], " (did you mean 'rtol'?)"],
  ['RTOL', ['atol', 'rtol'], " (did you mean 'rtol'?)"],
  ['toleranec', ['tolerance'], " (did you mean 'tolerance'?)"],
  ['batch', ['batched'], " (did you mean 'batched'?)"],
  ['ba', ['batched'], ''],
  ['x', ['atol'], ''],
  ['', ['atol'], ''],
])('%j among %j', (word, names, expected) => {
  expect(didYouMean(word, names)).toBe(expected)
})
