import { describe, expect, test } from 'vitest'
import { loadNcnn } from '../../../src/runners/ncnn/index.ts'
import { isBinaryParam, parseParamBinary } from '../../../src/runners/ncnn/param-binary.ts'

const floatBits = (value: number): number => new Int32Array(Float32Array.of(value).buffer)[0]
const words = (...values: number[]): Uint8Array => new Uint8Array(Int32Array.from(values).buffer)

const typeNumber = { Input: 16, ReLU: 26, Reshape: 27 }
const end = -233

/** Input -> ReLU with slope 0.5: what ncnn2mem makes of "ReLU relu 1 1 in out 0=0.5". */
const leaky = words(7767517, 2, 2, typeNumber.Input, 0, 1, 0, end, typeNumber.ReLU, 1, 1, 0, 1, 0, floatBits(0.5), end)

test('layers and blobs are called by their numbers', () => {
  const { layers } = parseParamBinary(leaky, 'net.param.bin')
  expect(layers.map(({ type, name, inputs, outputs }) => ({ type, name, inputs, outputs }))).toEqual([
    { type: 'Input', name: '0', inputs: [], outputs: ['0'] },
    { type: 'ReLU', name: '1', inputs: ['0'], outputs: ['1'] },
  ])
})

test('words become integers or floats as the layer declares', async () => {
  const model = await loadNcnn({ param: leaky, bin: new Uint8Array(0) })
  const outputs = await model.run({ '0': [-2, 4] })
  expect([...outputs['1'].data]).toEqual([-1, 4])
})

test('arrays and strings', () => {
  const text = new Uint8Array([...new TextEncoder().encode('0w,-1'), 0, 0, 0])
  const bytes = new Uint8Array([
    ...words(7767517, 1, 1, typeNumber.Reshape, 0, 1, 0, -23300 - 3, 2, 5, 6, -23400 - 6, 5),
    ...text,
    ...words(end),
  ])
  const [layer] = parseParamBinary(bytes, 'net.param.bin').layers
  expect([...layer.params]).toEqual([
    [3, { words: [5, 6], type: undefined, isArray: true }],
    [6, '0w,-1'],
  ])
})

test('bytes behind the declared layers are ignored', () => {
  const graph = parseParamBinary(words(7767517, 1, 1, 16, 0, 1, 0, end, 0, 0), 'net.param.bin')
  expect(graph.layers).toHaveLength(1)
  expect(graph.isPartial).toBe(true)
  expect(graph.notes).toEqual(['1 layers are declared and end at byte 32 of 40; ncnn ignores the rest'])
})

test('binary and text are told apart by their first bytes', () => {
  expect(isBinaryParam(leaky)).toBe(true)
  expect(isBinaryParam(new TextEncoder().encode('7767517\n1 1\n'))).toBe(false)
  expect(isBinaryParam(new Uint8Array(2))).toBe(false)
})

describe('what is wrong is named, with its byte', () => {
  test.each([
    [
      'a truncated file',
      leaky.subarray(0, leaky.length - 4),
      /byte 60: the file ends within the parameters of layer 1. Is it truncated\?/,
    ],
    [
      'more layers than bytes',
      words(7767517, 2 ** 30, 1),
      /the number of layers is 1073741824, more than the file can hold/,
    ],
    ['a negative count', words(7767517, -1, 1), /the number of layers is -1/],
    ['an unknown type', words(7767517, 1, 1, 200, 0, 1, 0, end), /layer 0 is of unknown type number 200/],
    ['a blob out of range', words(7767517, 1, 1, 26, 1, 1, 7, 0, end), /layer 0 names blob 7, but there are 1/],
    [
      'an array whose length lies',
      words(7767517, 1, 1, 26, 0, 1, 0, -23303, 1000, 1, end),
      /the length of parameter 3 of layer 0 is 1000/,
    ],
  ])('%s', (_, bytes, message) => {
    expect(() => parseParamBinary(bytes, 'net.param.bin')).toThrow(message)
  })
})
