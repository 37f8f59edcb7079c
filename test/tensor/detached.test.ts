// Views whose memory is gone: an error on every way in, never an empty tensor.
import { describe, expect, test } from 'vitest'
import { compareTensors } from '../../src/compare/compare-tensors.ts'
import { tensorMatchers } from '../../src/matchers/index.ts'
import { tensor, toTensor } from '../../src/tensor/to-tensor.ts'

/** A view of memory that was replaced when it grew. */
function grown(): Float32Array<ArrayBuffer> {
  const memory = new WebAssembly.Memory({ initial: 1 })
  const view = new Float32Array(memory.buffer, 0, 4)
  memory.grow(1)
  return view
}

function transferred<View extends ArrayBufferView<ArrayBuffer>>(view: View): View {
  structuredClone(view.buffer, { transfer: [view.buffer] })
  return view
}

describe.each([
  ['grown WebAssembly memory', grown],
  ['a transferred buffer', () => transferred(new Float32Array(4))],
  ['transferred bytes', () => transferred(new Uint8ClampedArray(4))],
  ['a view of nothing', () => transferred(new Float32Array(4).subarray(0, 0))],
])('%s', (_, make) => {
  const problem = /^(actual|reference|tensor|x).*: its memory was detached .*slice\(\)/

  test.each([
    ['itself', (view: Float32Array | Uint8ClampedArray) => view],
    ['data, shape, dtype', (view: Float32Array | Uint8ClampedArray) => ({ data: view, shape: [4], dtype: 'float32' })],
    ['data, shape', (view: Float32Array | Uint8ClampedArray) => ({ data: view, shape: [0] })],
    ['data, dims', (view: Float32Array | Uint8ClampedArray) => ({ data: view, dims: [4] })],
    ['dataSync', (view: Float32Array | Uint8ClampedArray) => ({ dataSync: () => view, shape: [4] })],
    ['a row', (view: Float32Array | Uint8ClampedArray) => [view]],
  ])('as %s', (_, wrap) => {
    const wrapped = wrap(make()) as Float32Array
    expect(() => toTensor(wrapped, { name: 'x' })).toThrow(problem)
    expect(() => compareTensors(wrapped, new Float32Array(4))).toThrow(problem)
    expect(() => compareTensors(new Float32Array(0), wrapped)).toThrow(problem)
    expect(() => tensorMatchers.toBeFiniteTensor.call({ isNot: false } as never, wrapped)).toThrow(problem)
  })

  test('in tensor()', () => {
    expect(() => tensor(make())).toThrow(problem)
    expect(() => tensor(make(), [0])).toThrow(problem)
  })
})

test('an empty array is an empty tensor', () => {
  expect(toTensor(new Float32Array(0)).shape).toEqual([0])
  expect(compareTensors(new Float32Array(0), new Float32Array(0)).pass).toBe(true)
})
