// Matrix products against the textbook loop in float32, bit for bit.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  Activation,
  gemmScratchBytes,
  Initial,
  packedLeftBytes,
  packedRightBytes,
  WeightType,
} from '../../src/kernels/ncnn.ts'
import { runs } from '../trials.ts'
import { createArena, firstDifference, randomFloats } from './arena.ts'

const arena = createArena()
const { kernels } = arena

interface Problem {
  m: number
  n: number
  k: number
  initial: number
  transposeA: boolean
  transposeB: boolean
  activation: number
  seed: number
}

const slope = Math.fround(0.1)

function reference({ m, n, k, initial, activation, seed }: Problem) {
  const a = randomFloats(m * k, seed)
  const b = randomFloats(k * n, seed + 1)
  const bias = randomFloats(Math.max(m, n), seed + 2)
  const before = randomFloats(m * n, seed + 3)
  const c = new Float32Array(m * n)
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const starts = [0, bias[i], bias[j], before[i * n + j]]
      let sum = starts[initial] ?? Number.NaN
      for (let p = 0; p < k; p++) sum = Math.fround(sum + Math.fround(a[i * k + p] * b[p * n + j]))
      if (activation === Activation.relu) sum = Math.max(sum, 0)
      if (activation === Activation.leakyRelu && sum < 0) sum = Math.fround(sum * slope)
      if (activation === Activation.clip) sum = Math.min(Math.max(sum, -0.5), 0.25)
      c[i * n + j] = sum
    }
  }
  return { a, b, bias, before, c }
}

function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(rows * columns)
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) turned[j * rows + i] = values[i * columns + j]
  }
  return turned
}

function parameters(activation: number): [number, number] {
  return activation === Activation.clip ? [-0.5, 0.25] : [slope, 0]
}

function run(kind: 'left' | 'right' | 'both', problem: Problem): { actual: Float32Array; expected: Float32Array } {
  const { m, n, k, initial, transposeA, transposeB, activation } = problem
  const { a, b, bias, before, c } = reference(problem)
  const pa = arena.put(transposeA ? transposed(a, m, k) : a)
  const pb = arena.put(transposeB ? transposed(b, k, n) : b)
  const [aRow, aDepth] = transposeA ? [1, m] : [k, 1]
  const [bDepth, bColumn] = transposeB ? [1, k] : [n, 1]
  const pc = arena.put(before)
  const pBias = arena.put(bias)
  const scratch = arena.bytes(gemmScratchBytes)
  const [x, y] = parameters(activation)
  if (kind === 'left') {
    const packed = arena.bytes(packedLeftBytes(m, k))
    kernels.packLeft({ source: pa, weightType: WeightType.float32, rowStride: aRow, depthStride: aDepth, m, k, packed })
    kernels.gemmLeft({
      packedA: packed,
      b: pb,
      depthStride: bDepth,
      columnStride: bColumn,
      c: pc,
      ldc: n,
      m,
      n,
      k,
      initial,
      bias: pBias,
      activation,
      activationA: x,
      activationB: y,
      scratch,
    })
  } else if (kind === 'right') {
    const packed = arena.bytes(packedRightBytes(k, n))
    kernels.packRight({
      source: pb,
      weightType: WeightType.float32,
      depthStride: bDepth,
      columnStride: bColumn,
      k,
      n,
      packed,
    })
    kernels.gemmRight({
      a: pa,
      rowStride: aRow,
      depthStride: aDepth,
      packedB: packed,
      c: pc,
      ldc: n,
      m,
      n,
      k,
      initial,
      bias: pBias,
      activation,
      activationA: x,
      activationB: y,
      scratch,
    })
  } else {
    kernels.gemm({
      a: pa,
      aRowStride: aRow,
      aDepthStride: aDepth,
      b: pb,
      bDepthStride: bDepth,
      bColumnStride: bColumn,
      c: pc,
      ldc: n,
      m,
      n,
      k,
      initial,
      bias: pBias,
      scratch,
    })
  }
  const actual = arena.read(pc, m * n)
  arena.reset()
  return { actual, expected: c }
}

const size = fc.oneof(fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33), fc.integer({ min: 1, max: 80 }))
const problem = fc.record({
  m: size,
  n: size,
  k: fc.oneof(size, fc.integer({ min: 506, max: 518 })),
  initial: fc.constantFrom(...Object.values(Initial)),
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
  activation: fc.constantFrom(Activation.none, Activation.relu, Activation.leakyRelu, Activation.clip),
  seed: fc.integer(),
})

describe.each(['left', 'right', 'both'] as const)('product with %s packed', (kind) => {
  test('has the bits of the textbook loop', () => {
    fc.assert(
      fc.property(problem, (given) => {
        const { actual, expected } = run(kind, kind === 'both' ? { ...given, activation: Activation.none } : given)
        expect(firstDifference(actual, expected)).toBeUndefined()
      }),
      runs(80),
    )
  })

  test.each([
    { m: 70, n: 300, k: 30 },
    { m: 7, n: 2100, k: 32 },
    { m: 9, n: 140, k: 160 },
    { m: 5, n: 257, k: 1100 },
    { m: 300, n: 9, k: 513 },
    { m: 1, n: 1000, k: 513 },
    { m: 130, n: 1, k: 513 },
    { m: 3, n: 49, k: 0 },
    { m: 131, n: 20, k: 2100 },
  ])('across the blocks of rows, columns and depth: $m x $n x $k', (shape) => {
    const { actual, expected } = run(kind, {
      ...shape,
      initial: Initial.columnBias,
      transposeA: false,
      transposeB: false,
      activation: Activation.none,
      seed: 5,
    })
    expect(firstDifference(actual, expected)).toBeUndefined()
  })
})

test.each([1, 2, 3, 4, 5, 6, 7])('%i columns behind the whole panels have the bits of the textbook loop', (rest) => {
  for (const initial of Object.values(Initial)) {
    const activation = initial === Initial.rowBias ? Activation.relu : Activation.clip
    const { actual, expected } = run('left', {
      m: 103,
      n: 16 + rest,
      k: 515,
      initial,
      transposeA: false,
      transposeB: false,
      activation,
      seed: rest,
    })
    expect(firstDifference(actual, expected), `initial ${initial}`).toBeUndefined()
  }
})

test.each([1, 2, 3, 5, 6, 7])('of %i rows those that make no whole tile have the bits of the textbook loop', (m) => {
  for (const initial of Object.values(Initial)) {
    const activation = initial === Initial.rowBias ? Activation.relu : Activation.clip
    const shape = { m, n: 91, k: 515, initial, transposeA: false, transposeB: false, activation, seed: m }
    for (const kind of ['left', 'right'] as const) {
      const { actual, expected } = run(kind, shape)
      expect(firstDifference(actual, expected), `initial ${initial}, ${kind}`).toBeUndefined()
    }
  }
})

test('rows of C may be further apart than its columns', () => {
  const [m, n, k, ldc] = [6, 10, 4, 13]
  const { a, b, c } = reference({ m, n, k, initial: 0, transposeA: false, transposeB: false, activation: 0, seed: 1 })
  const packed = arena.bytes(packedLeftBytes(m, k))
  const scratch = arena.bytes(gemmScratchBytes)
  const pc = arena.put(new Float32Array(m * ldc).fill(77))
  kernels.packLeft({ source: arena.put(a), weightType: WeightType.float32, rowStride: k, depthStride: 1, m, k, packed })
  kernels.gemmLeft({
    packedA: packed,
    b: arena.put(b),
    depthStride: n,
    columnStride: 1,
    c: pc,
    ldc,
    m,
    n,
    k,
    initial: Initial.zero,
    scratch,
  })
  const actual = arena.read(pc, m * ldc)
  for (let i = 0; i < m; i++) {
    expect([...actual.slice(i * ldc, i * ldc + n)]).toEqual([...c.slice(i * n, i * n + n)])
    expect([...actual.slice(i * ldc + n, (i + 1) * ldc)]).toEqual([77, 77, 77])
  }
  arena.reset()
})

test('float16 weights are packed as the float32 they stand for', () => {
  const halves = Uint16Array.from({ length: 7 * 37 }, (_, i) => (i * 2731) & 0xbfff)
  const bytes = new Uint8Array(halves.buffer)
  const source = arena.putBytes(bytes)
  const floats = arena.floats(halves.length)
  kernels.halfToFloat({ source, destination: floats, n: halves.length })
  for (const [rowStride, depthStride] of [
    [37, 1],
    [1, 7],
  ] as const) {
    const packed = [WeightType.float16, WeightType.float32].map((type) => {
      const left = arena.floats(packedLeftBytes(7, 37) / 4)
      const right = arena.floats(packedRightBytes(37, 7) / 4)
      const from = type === WeightType.float16 ? source : floats
      kernels.packLeft({ source: from, weightType: type, rowStride, depthStride, m: 7, k: 37, packed: left })
      kernels.packRight({
        source: from,
        weightType: type,
        depthStride,
        columnStride: rowStride,
        k: 37,
        n: 7,
        packed: right,
      })
      return [arena.read(left, packedLeftBytes(7, 37) / 4), arena.read(right, packedRightBytes(37, 7) / 4)]
    })
    expect(packed[0]).toEqual(packed[1])
  }
  arena.reset()
})

test('fused relu turns NaN into 0, clip keeps it', () => {
  const packed = arena.floats(packedLeftBytes(1, 1) / 4)
  const scratch = arena.bytes(gemmScratchBytes)
  const b = arena.put([Number.NaN, 1, -1, Number.POSITIVE_INFINITY, Number.NaN, 2, 3, 4])
  const c = arena.floats(8)
  kernels.packLeft({
    source: arena.put([1]),
    weightType: WeightType.float32,
    rowStride: 1,
    depthStride: 1,
    m: 1,
    k: 1,
    packed,
  })
  kernels.gemmLeft({
    packedA: packed,
    b,
    depthStride: 8,
    columnStride: 1,
    c,
    ldc: 8,
    m: 1,
    n: 8,
    k: 1,
    initial: Initial.zero,
    activation: Activation.relu,
    scratch,
  })
  expect([...arena.read(c, 8)]).toEqual([0, 1, 0, Number.POSITIVE_INFINITY, 0, 2, 3, 4])
  kernels.gemmLeft({
    packedA: packed,
    b,
    depthStride: 8,
    columnStride: 1,
    c,
    ldc: 8,
    m: 1,
    n: 8,
    k: 1,
    initial: Initial.zero,
    activation: Activation.clip,
    activationA: 0,
    activationB: 2,
    scratch,
  })
  expect([...arena.read(c, 8)]).toEqual([Number.NaN, 1, 0, 2, Number.NaN, 2, 2, 2])
  arena.reset()
})
