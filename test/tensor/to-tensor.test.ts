// Everything that counts as a tensor, and plain words about everything that does not.
import { describe, expect, test } from 'vitest'
import type { TensorLike } from '../../src/tensor/tensor.ts'
import { isTensorRecord } from '../../src/tensor/tensor-record.ts'
import { tensor, toTensor } from '../../src/tensor/to-tensor.ts'
import { elementsOf } from '../compare/arbitraries.ts'

const convert = (value: unknown) => toTensor(value as TensorLike, { name: 'actual' })

describe('accepts', () => {
  test('a Tensor, as it is', () => {
    const given = { data: new Float32Array(6), shape: [2, 3], dtype: 'float32' as const }
    expect(convert(given)).toBe(given)
  })

  test.each([
    [new Float32Array([1, 2]), 'float32'],
    [new Float64Array([1, 2]), 'float64'],
    [new Int8Array([1, 2]), 'int8'],
    [new Uint8Array([1, 2]), 'uint8'],
    [new Int16Array([1, 2]), 'int16'],
    [new Uint16Array([1, 2]), 'uint16'],
    [new Int32Array([1, 2]), 'int32'],
    [new Uint32Array([1, 2]), 'uint32'],
    [new BigInt64Array([1n, 2n]), 'int64'],
    [new BigUint64Array([1n, 2n]), 'uint64'],
  ])('%o', (data, dtype) => {
    expect(convert(data)).toEqual({ data, shape: [2], dtype })
    expect(convert(data).data).toBe(data)
  })

  test('subarray views, without copying', () => {
    const whole = new Float32Array([0, 1, 2, 3])
    const view = convert(whole.subarray(1, 3))
    expect(elementsOf(view)).toEqual([1, 2])
    expect(view.shape).toEqual([2])
    expect(view.data.buffer).toBe(whole.buffer)
  })

  test('clamped bytes and Node buffers as uint8', () => {
    expect(convert(new Uint8ClampedArray([1, 255]))).toMatchObject({ dtype: 'uint8', shape: [2] })
    expect(convert(Buffer.from([1, 255]))).toMatchObject({ dtype: 'uint8', shape: [2] })
  })

  test.runIf('Float16Array' in globalThis)('Float16Array, as bits', () => {
    const Float16Array = (globalThis as unknown as Record<string, new (values: number[]) => ArrayLike<number>>)
      .Float16Array
    if (Float16Array === undefined) return
    expect(convert(new Float16Array([1, -2]))).toEqual({
      data: new Uint16Array([0x3c00, 0xc000]),
      shape: [2],
      dtype: 'float16',
    })
  })

  test.each([
    [2.5, 'float64', [2.5]],
    [3n, 'int64', [3n]],
    [2n ** 64n - 1n, 'uint64', [2n ** 64n - 1n]],
    [true, 'bool', [1]],
  ] as const)('the scalar %s', (value, dtype, data) => {
    const converted = convert(value)
    expect(converted).toMatchObject({ shape: [], dtype })
    expect(elementsOf(converted)).toEqual(data)
  })

  test('nested arrays of numbers, bigints and booleans', () => {
    expect(
      convert([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    ).toEqual({
      data: new Float64Array([1, 2, 3, 4, 5, 6]),
      shape: [2, 3],
      dtype: 'float64',
    })
    expect(convert([[1n], [-2n]])).toEqual({ data: new BigInt64Array([1n, -2n]), shape: [2, 1], dtype: 'int64' })
    expect(convert([1n, 2n ** 63n]).dtype).toBe('uint64')
    expect(convert([[true, false]])).toEqual({ data: new Uint8Array([1, 0]), shape: [1, 2], dtype: 'bool' })
  })

  test('rows that are typed arrays', () => {
    expect(convert([[new Float32Array([1, 2])], [new Float32Array([3, 4])]])).toEqual({
      data: new Float32Array([1, 2, 3, 4]),
      shape: [2, 1, 2],
      dtype: 'float32',
    })
  })

  test('empty arrays', () => {
    expect(convert([])).toMatchObject({ shape: [0], dtype: 'float64' })
    expect(convert([[], []])).toMatchObject({ shape: [2, 0] })
    expect(convert(new Float32Array(0))).toMatchObject({ shape: [0], dtype: 'float32' })
  })

  test("ONNX Runtime's tensors", () => {
    const data = new BigInt64Array([1n, 2n])
    expect(convert({ data, dims: [1, 2], type: 'int64' })).toEqual({ data, shape: [1, 2], dtype: 'int64' })
    const half = new Uint16Array([0x3c00])
    expect(convert({ data: half, dims: [], type: 'float16' })).toEqual({ data: half, shape: [], dtype: 'float16' })
    expect(convert({ data: new Uint8Array([1]), dims: [1], type: 'bool' })).toMatchObject({ dtype: 'bool' })
  })

  test('TensorFlow.js tensors, whose `data` is a method and whose `strides` are short', () => {
    const tfjs = {
      shape: [2, 2],
      dtype: 'int32',
      strides: [2],
      isDisposed: false,
      data: async () => new Int32Array(4),
      dataSync: () => new Int32Array([1, 2, 3, 4]),
    }
    expect(convert(tfjs)).toEqual({ data: new Int32Array([1, 2, 3, 4]), shape: [2, 2], dtype: 'int32' })
  })

  test('int64 results of tfjs-node, which it calls int32', () => {
    const tfjs = { shape: [1], dtype: 'int32', dataSync: () => BigInt64Array.of(2n ** 40n) }
    expect(convert(tfjs)).toEqual({ data: BigInt64Array.of(2n ** 40n), shape: [1], dtype: 'int64' })
  })

  test('ndarrays with strides and an offset, negative ones too', () => {
    const data = Float32Array.from({ length: 12 }, (_, i) => i)
    const transposed = convert({ data, shape: [4, 3], strides: [1, 4], offset: 0, dtype: 'float32' })
    expect(elementsOf(transposed)).toEqual([0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11])
    const reversed = convert({ data, shape: [3], stride: [-2], offset: 11 })
    expect(elementsOf(reversed)).toEqual([11, 9, 7])
    const broadcast = convert({ data, shape: [2, 2], strides: [0, 1], offset: 5 })
    expect(elementsOf(broadcast)).toEqual([5, 6, 5, 6])
    const scalar = convert({ data, shape: [], strides: [], offset: 3 })
    expect(scalar).toMatchObject({ shape: [], data: new Float32Array([3]) })
  })

  test('ndarrays over plain arrays, of whatever dtype', () => {
    expect(convert({ data: [1, 2, 3, 4], shape: [2, 2], dtype: 'generic', strides: [2, 1], offset: 0 })).toEqual({
      data: new Float64Array([1, 2, 3, 4]),
      shape: [2, 2],
      dtype: 'float64',
    })
    expect(convert({ data: [1, 2], shape: [2], dtype: 'int8' })).toMatchObject({ data: new Int8Array([1, 2]) })
  })
})

describe('refuses, naming the argument', () => {
  test.each<[string, unknown, string]>([
    [
      'undefined',
      undefined,
      'actual must be a tensor (a typed array, nested arrays of numbers, a number, or an object with data and a shape), got undefined',
    ],
    ['null', null, 'got null'],
    ['a string', '1,2,3', 'got the string "1,2,3"'],
    ['a function', () => 1, 'got a function'],
    ['a record of tensors', { out0: new Float32Array(1) }, 'got an object with the key out0'],
    ['a promise', Promise.resolve([1]), 'actual is a Promise: await it first'],
    ['an ArrayBuffer', new ArrayBuffer(8), 'got an ArrayBuffer'],
    ['a DataView', new DataView(new ArrayBuffer(8)), 'got a DataView'],
    [
      'a ragged array',
      [
        [1, 2, 3],
        [4, 5],
      ],
      'ragged array: actual[1] has 2 elements, but 3 are expected there',
    ],
    ['a row missing', [[1, 2], 3], 'ragged array: actual[1] is the number 3, but an array of 2 is expected there'],
    ['a row too many', [1, [2]], 'ragged array: actual[1] is an array'],
    ['ragged typed rows', [new Float32Array(2), new Float32Array(3)], 'ragged array: actual[1] has 3 elements'],
    [
      'rows of two types',
      [new Float32Array(2), new Int8Array(2)],
      'actual[1] is an Int8Array, but the rows before it are float32 arrays',
    ],
    ['a string among numbers', [[1, 'x']], 'actual[0][1] is the string "x", not a number'],
    [
      'a list of tensors',
      [{ data: Float32Array.of(1), dims: [1], type: 'float32' }],
      'not a number: of a list of tensors, take one, or compare all with toMatchTensors',
    ],
    [
      'a typed array that was stored as JSON',
      JSON.parse(JSON.stringify(Float32Array.of(1, 2))),
      'got an object with the keys 0, 1 (a typed array that went through JSON?)',
    ],
    ['a hole', Object.assign(new Array(3), { 0: 1, 2: 3 }), 'actual[1] is undefined, not a number'],
    ['numbers and bigints', [1, 2n], 'actual[1] is the bigint 2, but the elements before it are numbers'],
    ['a bigint beyond 64 bits', [2n ** 64n], 'element 0 is 18446744073709551616, which uint64 cannot hold'],
    [
      'a wrong product',
      { data: new Float32Array(5), shape: [2, 3], dtype: 'float32' },
      'actual: the shape [2, 3] needs 6 elements, but the data has 5',
    ],
    [
      'wrong dims',
      { data: new Float32Array(5), dims: [2, 3], type: 'float32' },
      'actual: the shape [2, 3] needs 6 elements, but the data has 5',
    ],
    ['a negative length', { data: new Float32Array(2), shape: [-2, -1] }, '-2 is not a non-negative whole number'],
    [
      'a shape of 1e5 axes',
      { data: new Float32Array(1), shape: new Array(1e5).fill(1) },
      'the shape has 100000 axes; a tensor has at most 64',
    ],
    ['a fractional length', { data: new Float32Array(2), shape: [1.5] }, '1.5 is not a non-negative whole number'],
    ['a NaN length', { data: new Float32Array(2), shape: [Number.NaN] }, 'NaN is not a non-negative whole number'],
    [
      'a huge shape',
      { data: new Float32Array(2), shape: [2 ** 20, 2 ** 20], dtype: 'float32' },
      'needs 1099511627776 elements',
    ],
    [
      'an uncountable shape',
      { data: new Float32Array(2), shape: [2 ** 30, 2 ** 30] },
      'more elements than can be counted',
    ],
    [
      'a shape that is no list',
      { data: new Float32Array(2), shape: 2 },
      'the shape must be an array of lengths, got number',
    ],
    [
      'an unknown dtype',
      { data: new Float32Array(2), shape: [2], dtype: 'complex64' },
      "actual: the dtype 'complex64' is not supported; one of float32,",
    ],
    ['strings', { data: ['a'], dims: [1], type: 'string' }, "the dtype 'string' is not supported"],
    [
      'a dtype that is a property of objects',
      { data: new Float32Array(2), shape: [2], dtype: 'toString' },
      "the dtype 'toString' is not supported",
    ],
    [
      'a dtype that is not that of the data',
      { data: new Float32Array(2), shape: [2], dtype: 'int32' },
      'its dtype is int32, which an Int32Array stores, but its data is a Float32Array',
    ],
    [
      'data that is no list',
      { data: 5, shape: [1] },
      'its data must be a typed array or an array of numbers, got the number 5',
    ],
    [
      'numbers the dtype cannot hold',
      { data: [1, 300], shape: [2], dtype: 'uint8' },
      'element 1 is 300, which uint8 cannot hold',
    ],
    ['text in the data', { data: [1, 'x'], shape: [2] }, 'element 1 is the string "x", not a number'],
    [
      'strides out of bounds',
      { data: new Float32Array(4), shape: [2, 3], strides: [3, 1], offset: 0 },
      'reaches elements 0 to 5, but the data has 4',
    ],
    [
      'strides before the start',
      { data: new Float32Array(4), shape: [3], strides: [-1], offset: 1 },
      'reaches elements -1 to 1',
    ],
    [
      'too few strides',
      { data: new Float32Array(4), shape: [2, 2], strides: [1], offset: 0 },
      'the strides [1] must be one whole number for each axis of the shape [2, 2]',
    ],
    [
      'a wrong offset',
      { data: new Float32Array(4), shape: [2], strides: [1], offset: -1 },
      'the offset -1 is not a non-negative whole number',
    ],
    [
      'a disposed tfjs tensor',
      { shape: [1], dtype: 'float32', isDisposed: true, dataSync: () => new Float32Array(1) },
      'actual: the tfjs tensor is disposed',
    ],
    [
      'a complex tfjs tensor',
      { shape: [1], dtype: 'complex64', dataSync: () => new Float32Array(2) },
      'actual: no tensor here holds complex numbers; compare tf.real(x) and tf.imag(x)',
    ],
    [
      'a TensorBuffer',
      { shape: [1], dtype: 'float32', values: new Float32Array(1), strides: [], toTensor: () => undefined },
      'actual is a TensorBuffer of TensorFlow.js: hand over its toTensor()',
    ],
  ])('%s', (_, value, message) => {
    const error = catchError(() => convert(value))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toContain(message)
    expect(error.message).toContain('actual')
  })

  test('64 axes are none too many', () => {
    expect(convert({ data: new Float32Array(1), shape: new Array(64).fill(1), dtype: 'float32' }).shape).toHaveLength(
      64,
    )
  })

  test('an array that contains itself', () => {
    const endless: unknown[] = []
    endless.push(endless)
    expect(() => convert(endless)).toThrow('actual: nested more than 64 deep, or contains itself')
  })

  test('arrays that share rows and unfold to more elements than there is memory', () => {
    let nested: unknown[] = new Array(1000).fill(0)
    for (let depth = 0; depth < 4; depth++) nested = new Array(1000).fill(nested)
    expect(() => convert(nested)).toThrow('actual: its shape [1000, 1000, 1000, 1000, 1000] has too many elements')
  })

  test('data that cannot be read, with the reason', () => {
    const onGpu = {
      dims: [1],
      type: 'float32',
      get data(): never {
        throw new Error('The data is not on CPU')
      },
    }
    expect(() => convert(onGpu)).toThrow('actual: its data cannot be read (The data is not on CPU)')
  })

  test('calls the argument "tensor" when nobody named it', () => {
    expect(() => toTensor('x' as unknown as TensorLike)).toThrow(/^tensor must be a tensor/)
  })
})

describe('tensor()', () => {
  test('gives typed arrays a shape without copying', () => {
    const data = new Float32Array(6)
    expect(tensor(data, [2, 3])).toEqual({ data, shape: [2, 3], dtype: 'float32' })
    expect(tensor(data, [2, 3]).data).toBe(data)
    expect(tensor(5)).toMatchObject({ shape: [], dtype: 'float64' })
  })

  test('takes 16-bit words as half floats when told to', () => {
    const bits = new Uint16Array([0x3c00])
    expect(tensor(bits, [1], 'float16').data).toBe(bits)
    expect(tensor(bits, [1], 'bfloat16').dtype).toBe('bfloat16')
  })

  test('converts to another dtype, rounding half floats to nearest even', () => {
    expect(tensor([1, 2 ** -25, 65520], undefined, 'float16').data).toEqual(new Uint16Array([0x3c00, 0, 0x7c00]))
    expect(tensor(new Float32Array([1.5]), undefined, 'float64').data).toEqual(new Float64Array([1.5]))
    expect(tensor([[1], [0]], undefined, 'bool')).toEqual({
      data: new Uint8Array([1, 0]),
      shape: [2, 1],
      dtype: 'bool',
    })
    expect(tensor(new BigInt64Array([-3n]), undefined, 'int8').data).toEqual(new Int8Array([-3]))
    expect(tensor(tensor([1.5], [1], 'float16').data as Uint16Array, [1], 'float16').dtype).toBe('float16')
  })

  test('refuses what the dtype cannot hold, and shapes that do not fit', () => {
    expect(() => tensor([1, 128], undefined, 'int8')).toThrow('tensor: element 1 is 128, which int8 cannot hold')
    expect(() => tensor([0.5], undefined, 'int32')).toThrow('element 0 is 0.5, which int32 cannot hold')
    expect(() => tensor([-1], undefined, 'uint64')).toThrow('element 0 is -1, which uint64 cannot hold')
    expect(() => tensor([2], undefined, 'bool')).toThrow('element 0 is 2, which bool cannot hold')
    expect(() => tensor([1, 2, 3], [2, 2])).toThrow('tensor: the shape [2, 2] needs 4 elements, but the data has 3')
    expect(() => tensor([1], [2 ** 20, 2 ** 20])).toThrow('needs 1099511627776 elements, but the data has 1')
    expect(() => tensor([1], [1], 'float8' as never)).toThrow("the dtype 'float8' is not supported")
  })
})

function catchError(run: () => unknown): Error {
  try {
    run()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}

test.each([
  ['bigints', [2n, 3n]],
  ['a typed array', Int32Array.of(2, 3)],
  ['a typed array of bigints', BigInt64Array.of(2n, 3n)],
])('a shape of %s counts as any other', (_, shape) => {
  const data = new Float32Array(6)
  for (const like of [
    { data, shape, dtype: 'float32' },
    { data, dims: shape, type: 'float32' },
  ]) {
    expect(toTensor(like as unknown as TensorLike)).toEqual({ data, shape: [2, 3], dtype: 'float32' })
    expect(isTensorRecord(like)).toBe(false)
  }
})
