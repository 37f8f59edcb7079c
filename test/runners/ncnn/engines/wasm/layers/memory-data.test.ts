// MemoryData.
import { describe, expect, test } from 'vitest'
import { loadNcnn } from '../../../../../../src/runners/ncnn/index.ts'
import { expectLayer, fill } from '../../../expect-layer.ts'
import { rawWeight, runSingle, taggedWeight } from '../../../run-layer.ts'

describe('the lengths that are given decide the rank', () => {
  test.each([
    [{ 0: 3 }, [3]],
    [{ 0: 3, 1: 2 }, [2, 3]],
    [{ 0: 3, 1: 2, 2: 4 }, [4, 2, 3]],
    [{ 0: 3, 1: 2, 11: 2, 2: 4 }, [4, 2, 2, 3]],
  ])('%o', async (params, shape) => {
    const data = Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => i)
    await expectLayer('MemoryData', params, [], fill(shape), { weights: [rawWeight(data)] })
  })
})

test('load_type 0: the storage is tagged', async () => {
  const halves = taggedWeight(Uint16Array.of(0x3c00, 0xc000))
  await expectLayer('MemoryData', { 0: 2, 21: 0 }, [], [1, -2], { weights: [halves] })
  const y = await runSingle('MemoryData', { 0: 2, 21: 0 }, [], { weights: [taggedWeight(Int8Array.of(5, -6))] })
  expect(y).toEqual({ data: Int8Array.of(5, -6), shape: [2], dtype: 'int8' })
})

test.each([3, 4, 6, 8])('load_type %d: bare bytes', async (load_type) => {
  const bytes = { data: Int8Array.of(0, 1, -1) }
  const y = await runSingle('MemoryData', { 0: 3, 21: load_type }, [], { weights: [bytes] })
  expect(y).toEqual({ data: Int8Array.of(0, 1, -1), shape: [3], dtype: 'int8' })
})

test('the constant survives a layer that works in place, run after run', async () => {
  const param = '7767517\n3 3\nInput x 0 1 x\nMemoryData m 0 1 m 0=1\nBinaryOp add 2 1 m x y 0=0'
  const model = await loadNcnn({ param, bin: new Uint8Array(Float32Array.of(3).buffer) })
  for (let run = 0; run < 3; run++) expect([...(await model.run({ x: [1] })).y.data]).toEqual([4])
})

test.each([
  [{}, 'must declare positive lengths, found [0]'],
  [{ 1: 2 }, 'must declare positive lengths, found [2, 0]'],
  [{ 0: -1, 1: -1 }, 'must declare positive lengths, found [-1, -1]'],
  [{ 0: 1, 21: 2 }, 'load_type must be 0, 1, 3, 4, 6 or 8, found 2'],
])('refuses %o', async (params, message) => {
  await expect(runSingle('MemoryData', params, [])).rejects.toThrow(message)
})
