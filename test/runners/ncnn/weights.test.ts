import { describe, expect, test } from 'vitest'
import type { GraphLayer } from '../../../src/runners/ncnn/graph.ts'
import { bytesSource } from '../../../src/runners/ncnn/weight-source.ts'
import {
  blocks,
  locateWeights,
  raw,
  readWeight,
  tagged,
  taggedOrInt8,
  type WeightSpecs,
} from '../../../src/runners/ncnn/weights.ts'

const layer: GraphLayer = {
  type: 'InnerProduct',
  name: 'fc',
  inputs: ['x'],
  outputs: ['y'],
  params: new Map(),
  position: 'line 4',
}
const locate = (bin: Uint8Array, weights: WeightSpecs) =>
  locateWeights([{ layer, weights }], bytesSource(bin, 'net.bin'))[0]

const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer)
const word = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer)
const concat = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(parts.flatMap((part) => [...part]))

describe('storage formats', () => {
  const read = (bin: Uint8Array, count: number) => {
    const [location] = locate(bin, { weight_data: taggedOrInt8(count) })
    const target = location.storage === 'int8' ? new Int8Array(count) : new Float32Array(count)
    readWeight(bytesSource(bin, 'net.bin'), location, target)
    return { storage: location.storage, values: [...target] }
  }

  test('fp32 behind a zero tag', () => {
    expect(read(concat(word(0), floats(1.5, -2)), 2)).toEqual({ storage: 'fp32', values: [1.5, -2] })
  })
  test('fp32 behind the raw tag', () => {
    expect(read(concat(word(0x0002c056), floats(1.5, -2)), 2)).toEqual({ storage: 'fp32', values: [1.5, -2] })
  })
  test('fp16, padded to whole words', () => {
    const halves = new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 0x0001, 0).buffer)
    expect(read(concat(word(0x01306b47), halves), 3)).toEqual({ storage: 'fp16', values: [1, -2, 2 ** -24] })
  })
  test('bfloat16, padded to whole words', () => {
    const halves = new Uint8Array(Uint16Array.of(0x3f80, 0xc000, 0x3fc0, 0).buffer)
    expect(read(concat(word(0x01348b83), halves), 3)).toEqual({ storage: 'bf16', values: [1, -2, 1.5] })
  })
  test('int8, padded to whole words', () => {
    expect(read(concat(word(0x000d4b38), new Uint8Array([1, 255, 127, 128, 5, 0, 0, 0])), 5)).toEqual({
      storage: 'int8',
      values: [1, -1, 127, -128, 5],
    })
  })
  test('indices into a table of 256 floats', () => {
    const table = Float32Array.from({ length: 256 }, (_, i) => i / 2)
    const bin = concat(word(1), new Uint8Array(table.buffer), new Uint8Array([255, 0, 3, 0]))
    expect(read(bin, 3)).toEqual({ storage: 'lut8', values: [127.5, 0, 1.5] })
  })
  test('untagged weights are bare fp32, at any alignment of the file', () => {
    const shifted = new Uint8Array([9, ...floats(3, 4)]).subarray(1)
    const [location] = locate(shifted, { bias_data: raw(2) })
    const target = new Float32Array(2)
    readWeight(bytesSource(shifted, 'net.bin'), location, target)
    expect([...target]).toEqual([3, 4])
  })
})

test('int8 where the layer reads floats is refused: they would be read past their end', () => {
  const bin = concat(word(0x000d4b38), new Uint8Array(4))
  expect(() => locate(bin, { bias_c_data: tagged(4) })).toThrow(
    /^net.bin: weight bias_c_data of layer "fc" \(InnerProduct, line 4\) is stored as int8, but .* the layer reads floats there/,
  )
})

test('weights follow each other in declared order; absent ones take no room', () => {
  const bin = concat(word(0), floats(1, 2), floats(3))
  expect(locate(bin, { weight_data: tagged(2), dropped: undefined, bias_data: raw(1) })).toEqual([
    { name: 'weight_data', count: 2, storage: 'fp32', tagged: true, offset: 4 },
    { name: 'bias_data', count: 1, storage: 'fp32', tagged: false, offset: 12 },
  ])
})

describe('block-quantised weights', () => {
  const weights = { B_data: blocks(5), bias: raw(1) }
  const bare = concat(new Uint8Array([1, 255, 127, 128, 5, 0, 0, 0]), floats(2))
  const behindTag = concat(word(0x000d4b38), bare)
  const offsets = (bin: Uint8Array, release: string) =>
    locateWeights([{ layer, weights }], bytesSource(bin, 'net.bin'), { release, isPartial: false })[0].map(
      ({ storage, offset }) => [storage, offset],
    )

  test('are bare bytes since release 20261020, and had a tag before', () => {
    const bytesThenFloats = (start: number) => [
      ['int8', start],
      ['fp32', start + 8],
    ]
    expect(offsets(bare, '20261020')).toEqual(bytesThenFloats(0))
    expect(offsets(behindTag, '20260722')).toEqual(bytesThenFloats(4))
  })
  test('of another release: the message says how to name it', () => {
    expect(() => offsets(behindTag, '20261020')).toThrow(
      "net.bin has 16 bytes, but the layers read only 12 of them. Does it belong to another .param? Block-quantised weights are read as ncnn 20261020 has them; for files of another release say which: loadNcnn(..., { release: '20260722' })",
    )
  })
})

test('behind the layers of a .param that describes a part of them there may be more', () => {
  const bin = concat(word(0), floats(1, 2))
  const format = { release: '20261020', isPartial: true }
  const [[{ offset }]] = locateWeights(
    [{ layer, weights: { weight_data: tagged(1) } }],
    bytesSource(bin, 'net.bin'),
    format,
  )
  expect(offset).toBe(4)
})

test('text in place of weights', () => {
  const bin = new TextEncoder().encode('version https://git-lfs.github.com/spec/v1')
  expect(() => locate(bin, { weight_data: tagged(99) })).toThrow('It begins like text: is it a Git LFS pointer')
})

describe('a file that does not fit names layer and offset, before anything is allocated', () => {
  test.each([
    [
      'truncated within data',
      concat(word(0), floats(1, 2)),
      { weight_data: tagged(3) },
      /^net\.bin: weight weight_data of layer "fc" \(InnerProduct, line 4\) needs bytes 4 to 16 \(3 elements as fp32\), but the file ends at 12/,
    ],
    [
      'truncated within the tag',
      new Uint8Array(2),
      { weight_data: tagged(3) },
      /should start at byte 0, but the file ends at 2/,
    ],
    [
      'too long',
      concat(word(0), floats(1, 2)),
      { weight_data: tagged(1) },
      /^net\.bin has 12 bytes, but the layers read only 8 of them/,
    ],
    ['a gigantic weight', word(0), { weight_data: tagged(2 ** 31 - 1) }, /needs bytes 4 to 8589934592/],
    ['a negative count', word(0), { weight_data: tagged(-4) }, /would have -4 elements/],
    ['a fractional count', word(0), { weight_data: tagged(1.5) }, /would have 1.5 elements/],
  ] as const)('%s', (_, bin, weights, message) => {
    expect(() => locate(bin, weights)).toThrow(message)
  })
})
