// Divided calls give the bits of whole ones, for each kernel that is divided, at sizes that do not divide evenly.
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  Activation,
  createNcnnKernels,
  gemmScratchBytes,
  Initial,
  maxPages,
  type NcnnKernels,
  ncnnModule,
  type Pointer,
  PoolType,
  packedInt8FilterBytes,
  packedInt8RightBytes,
  packedLeftBytes,
  packedRightBytes,
  WeightType,
  type WinogradSize,
  winogradPlaces,
} from '../../../../../../src/kernels/ncnn.ts'
import { parallelKernels } from '../../../../../../src/runners/ncnn/engines/wasm/threads/parallel-kernels.ts'
import { poolBytes, startPool, type ThreadPool } from '../../../../../../src/runners/ncnn/engines/wasm/threads/pool.ts'
import { type Arena, createArena, firstDifference, randomBytes, randomFloats } from '../../../../../kernels/arena.ts'

const megabytes = 64
const threads = 3
let arena: Arena
let pool: ThreadPool
let parallel: NcnnKernels

beforeAll(async () => {
  const module = await ncnnModule({ shared: true, relaxed: false })
  const memory = new WebAssembly.Memory({ initial: megabytes * 16, maximum: maxPages, shared: true })
  const kernels = createNcnnKernels(memory, module)
  arena = createArena(megabytes, memory, kernels)
  const started = await startPool({ module, memory, kernels }, megabytes * 2 ** 20 - poolBytes(threads), threads)
  pool = { ...started, run: vi.fn(started.run) }
  parallel = parallelKernels(kernels, pool)
})
afterAll(() => pool.end())
beforeEach(() => arena.reset())

const random = (count: number, seed: number): Pointer => arena.put(randomFloats(count, seed))
const scratch = (): Pointer => arena.bytes(gemmScratchBytes)

function packedLeft(m: number, k: number): Pointer {
  const packed = arena.bytes(packedLeftBytes(m, k))
  arena.kernels.packLeft(random(m * k, 1), WeightType.float32, k, 1, m, k, packed)
  return packed
}

function packedRight(k: number, n: number): Pointer {
  const packed = arena.bytes(packedRightBytes(k, n))
  arena.kernels.packRight(random(k * n, 1), WeightType.float32, 1, k, k, n, packed)
  return packed
}

function positiveBytes(count: number, seed: number): Pointer {
  return arena.putBytes(randomBytes(count, seed).map((v) => v & 127))
}

function winogradFilters(size: WinogradSize, outch: number, inch: number): Pointer {
  const places = winogradPlaces(size)
  const transformed = arena.floats(places * outch * inch)
  arena.kernels.winogradFilters(size, random(outch * inch * 9, 1), outch * inch, transformed)
  const bytes = packedLeftBytes(outch, inch)
  const packed = arena.bytes(places * bytes)
  for (let place = 0; place < places; place++) {
    const source = transformed + 4 * place * outch * inch
    arena.kernels.packLeft(source, WeightType.float32, inch, 1, outch, inch, packed + place * bytes)
  }
  return packed
}

/** Prepares operands, and returns a call that writes `count` floats to `y`. */
type Case = (y: Pointer) => (kernels: NcnnKernels) => void

interface SizedCase {
  readonly count: number
  readonly prepare: Case
}

const winograd = (size: WinogradSize): SizedCase => ({
  count: 19 * 53 * 49,
  prepare: (y) => {
    const [x, filters, bias] = [random(21 * 53 * 49, 2), winogradFilters(size, 19, 21), random(19, 3)]
    const work = arena.bytes(parallel.winogradScratchBytes(size, 21, 19, 53, 49))
    return (kernels) =>
      kernels.winogradConvolution(
        ...([size, x, 21, 53, 49, filters, bias, y, 19, 53, 49, 1, 1, 0, Activation.gelu, 0, 0, work] as const),
      )
  },
})

const cases: Readonly<Record<string, SizedCase>> = {
  ...Object.fromEntries(
    [
      { m: 203, n: 61 },
      { m: 30, n: 401 },
    ].flatMap(({ m, n }) =>
      Object.entries(Initial).flatMap(([name, initial]) => {
        const [k, count] = [67, m * n]
        const bias = (): Pointer =>
          initial === Initial.rowBias ? random(m, 3) : initial === Initial.columnBias ? random(n, 3) : 0
        const activation = [Activation.clip, -2, 3] as const
        const left: Case = (y) => {
          const [a, b, offsets, work] = [packedLeft(m, k), random(k * n, 2), bias(), scratch()]
          return (kernels) => kernels.gemmLeft(a, b, n, 1, y, n, m, n, k, initial, offsets, ...activation, work)
        }
        const right: Case = (y) => {
          const [a, b, offsets, work] = [random(m * k, 2), packedRight(k, n), bias(), scratch()]
          return (kernels) => kernels.gemmRight(a, k, 1, b, y, n, m, n, k, initial, offsets, ...activation, work)
        }
        const plain: Case = (y) => {
          const [a, b, offsets, work] = [random(m * k, 2), random(k * n, 4), bias(), scratch()]
          return (kernels) => kernels.gemm(a, 1, m, b, 1, k, y, n, m, n, k, initial, offsets, work)
        }
        return Object.entries({ gemmLeft: left, gemmRight: right, gemm: plain }).map(([kernel, prepare]) => [
          `${kernel} ${m}x${n}, start: ${name}`,
          { count, prepare },
        ])
      }),
    ),
  ),
  'gemmRight, one row': {
    count: 1003,
    prepare: (y) => {
      const [a, b, bias, work] = [random(700, 2), packedRight(700, 1003), random(1003, 3), scratch()]
      return (kernels) =>
        kernels.gemmRight(a, 700, 1, b, y, 1003, 1, 1003, 700, Initial.columnBias, bias, Activation.tanh, 0, 0, work)
    },
  },
  ...Object.fromEntries(
    [3, 1].flatMap((size) =>
      [true, false].map((biased) => [
        `convolution ${size}x${size} ${biased ? 'with' : 'without'} bias`,
        {
          count: 29 * 31 * 37,
          prepare: ((y) => {
            const [x, weights] = [random(20 * 31 * 37, 2), packedLeft(29, 20 * size * size)]
            const [bias, work, pad] = [biased ? random(29, 3) : 0, scratch(), (size - 1) / 2]
            return (kernels) =>
              kernels.convolution(
                ...([x, 20, 31, 37, weights, bias, y, 29, 31, 37, size, size, 1, 1, 1, 1, pad, pad, 0.5] as const),
                ...([Activation.swish, 0, 0, work] as const),
              )
          }) satisfies Case,
        },
      ]),
    ),
  ),
  'convolution 1x1 with padding': {
    count: 29 * 33 * 39,
    prepare: (y) => {
      const [x, weights, work] = [random(40 * 31 * 37, 2), packedLeft(29, 40), scratch()]
      return (kernels) =>
        kernels.convolution(
          ...([x, 40, 31, 37, weights, 0, y, 29, 33, 39, 1, 1, 1, 1, 1, 1, 1, 1, 0] as const),
          ...([Activation.none, 0, 0, work] as const),
        )
    },
  },
  'winogradConvolution, tiles of 2': winograd(2),
  'winogradConvolution, tiles of 4': winograd(4),
  depthwise: {
    count: 41 * 61 * 63,
    prepare: (y) => {
      const [x, weights, bias] = [random(41 * 61 * 63, 2), random(41 * 9, 1), random(41, 3)]
      const work = arena.bytes(parallel.depthwiseScratchBytes(63, 3, 3, 1, 1, 1, 1))
      return (kernels) =>
        kernels.depthwise(
          ...([x, 41, 61, 63, weights, bias, y, 61, 63, 3, 3, 1, 1, 1, 1, 1, 1, 0] as const),
          ...([Activation.hardSwish, 1 / 6, 0.5, work] as const),
        )
    },
  },
  // Bytes and integers are not negative here: read as floats they are numbers, all of which differ.
  ...Object.fromEntries(
    [
      { m: 203, n: 57 },
      { m: 31, n: 402 },
      { m: 1, n: 2001 },
    ].map(({ m, n }) => [
      `int8Gemm ${m}x${n}`,
      {
        count: m * n,
        prepare: ((y) => {
          const k = 301
          const packed = arena.bytes(packedInt8RightBytes(k, n))
          arena.kernels.packInt8Right(positiveBytes(n * k, 1), k, n, packed)
          const [a, work] = [positiveBytes(m * k, 2), scratch()]
          return (kernels) => kernels.int8Gemm(a, packed, y, n, m, n, k, work)
        }) satisfies Case,
      },
    ]),
  ),
  ...Object.fromEntries(
    ['floats', 'bytes'].map((result) => [
      `int8Convolution to ${result}`,
      {
        count: result === 'bytes' ? (29 * 28 * 36) / 4 : 29 * 28 * 36,
        prepare: ((y) => {
          const filters = arena.bytes(packedInt8FilterBytes(29, 21, 9))
          arena.kernels.packInt8Filters(positiveBytes(29 * 21 * 9, 1), 29, 21, 9, filters)
          const [x, scales, bias] = [positiveBytes(21 * 30 * 38, 2), random(29, 3), random(29, 4)]
          const [sums, work] = [result === 'bytes' ? arena.floats(29 * 28 * 36) : y, scratch()]
          return (kernels) =>
            kernels.int8Convolution(
              ...([x, 21, 30, 38, filters, sums, 29, 28, 36, 3, 3, 1, 1, 1, 1, scales, bias] as const),
              ...([Activation.relu, 0, 0, 1e-5, y, work] as const),
            )
        }) satisfies Case,
      },
    ]),
  ),
  int8Window: {
    count: (61 * 64 * 68) / 4,
    prepare: (y) => {
      const x = arena.put(randomFloats(61 * 61 * 63, 2).map(Math.abs))
      return (kernels) => kernels.int8Window(x, 1, 127, 61, 61, 63, y, 64, 68, 1, 2, 5)
    },
  },
  ...Object.fromEntries(
    ['floats', 'bytes'].map((result) => [
      `int8Finish to ${result}`,
      {
        count: result === 'bytes' ? (41 * 63 * 64) / 4 : 41 * 63 * 64,
        prepare: ((y) => {
          const start = randomFloats(41 * 63 * 64, 2)
          const [scales, bias] = [random(41, 3), random(41, 4)]
          return (kernels) => {
            const sums = result === 'bytes' ? arena.put(start) : y
            kernels.int8Finish(sums, 41, 63 * 64, scales, bias, Activation.relu, 0, 0, 50, y)
          }
        }) satisfies Case,
      },
    ]),
  ),
  int8Scale: {
    count: 151 * 777,
    prepare: (y) => {
      const sums = arena.putBytes(new Uint8Array(Int32Array.from(randomFloats(151 * 777, 1), (v) => v * 1e6).buffer))
      const [rowScales, columnScales, addends] = [random(151, 2), random(777, 3), random(151, 4)]
      return (kernels) =>
        kernels.int8Scale(sums, 151, 777, rowScales, 1, columnScales, 1, addends, 1, 0, 0.3, 1.7, y, 777)
    },
  },
  activate: {
    count: 70_001,
    prepare: (y) => {
      const x = random(70_001, 2)
      return (kernels) => kernels.activate(Activation.erf, x, y, 70_001, 0, 0)
    },
  },
  softmax: {
    count: 61 * 999,
    prepare: (y) => {
      const x = random(61 * 999, 2)
      return (kernels) => kernels.softmax(x, y, 61, 333, 3)
    },
  },
  layerNorm: {
    count: 151 * 777,
    prepare: (y) => {
      const [x, gamma, beta] = [random(151 * 777, 2), random(777, 3), random(777, 4)]
      return (kernels) => kernels.layerNorm(x, y, 151, 777, gamma, beta, 1e-5)
    },
  },
  pool: {
    count: 37 * 40 * 41,
    prepare: (y) => {
      const x = random(37 * 81 * 83, 2)
      return (kernels) => kernels.pool(PoolType.max, x, 37, 81, 83, y, 40, 41, 3, 3, 2, 2, 0, 0, 0)
    },
  },
  resize: {
    count: 33 * 60 * 61,
    prepare: (y) => {
      const x = random(33 * 31 * 30, 2)
      const first = arena.putBytes(
        new Uint8Array(Int32Array.from({ length: 61 }, (_, i) => Math.min(i >> 1, 28)).buffer),
      )
      const [weightH, weightW, work] = [random(120, 3), random(122, 4), arena.bytes(parallel.resizeScratchBytes(61))]
      return (kernels) => kernels.resize(x, 33, 31, 30, y, 60, 61, 2, first, weightH, 2, first, weightW, work)
    },
  },
  gridSample: {
    count: 29 * 1997,
    prepare: (y) => {
      const [x, grid, work] = [
        random(29 * 31 * 37, 2),
        random(2 * 1997, 3),
        arena.bytes(parallel.gridSampleScratchBytes()),
      ]
      return (kernels) => kernels.gridSample(1, 2, x, 29, 1, 31, 37, grid, 1, 2, y, 1997, 1, 0, work)
    },
  },
  deformedColumns: {
    count: 17 * 6 * 30 * 36,
    prepare: (y) => {
      const [x, offset, mask] = [random(17 * 31 * 37, 2), random(12 * 30 * 36, 3), random(6 * 30 * 36, 4)]
      const work = arena.bytes(parallel.bilinearScratchBytes())
      return (kernels) => kernels.deformedColumns(x, 17, 31, 37, offset, mask, y, 30, 36, 2, 3, 1, 1, 1, 1, 0, 0, work)
    },
  },
  'spread with weights': {
    count: 29 * 60 * 62,
    prepare: (y) => {
      const [x, weights] = [random(29 * 30 * 31, 2), random(29 * 16, 3)]
      const work = arena.bytes(parallel.spreadScratchBytes(62, 4, 2))
      const image = [weights, 1, 30, 31, 0, 30, y, 1, 60, 62] as const
      return (kernels) => {
        kernels.fill(y, 29 * 60 * 62, 0.5)
        kernels.spread(x, 29, 30 * 31, 0, ...image, ...([1, 4, 4, 1, 2, 2, 1, 1, 1, 0, 1, 1, work] as const))
      }
    },
  },
  'spread of products': {
    count: 53 * 30 * 31,
    prepare: (y) => {
      const [x, work] = [random(53 * 9 * 30 * 31, 2), arena.bytes(parallel.spreadScratchBytes(31, 3, 1))]
      const image = [0, 1, 30, 31, 0, 30, y, 1, 30, 31] as const
      return (kernels) => {
        kernels.fill(y, 53 * 30 * 31, 0.5)
        kernels.spread(x, 53, 9 * 30 * 31, 30 * 31, ...image, ...([1, 3, 3, 1, 1, 1, 1, 1, 1, 0, 1, 1, work] as const))
      }
    },
  },
}

describe('divided among threads', () => {
  test.each(Object.entries(cases))('%s', (_, { count, prepare }) => {
    const start = randomFloats(count, 9)
    const [whole, divided] = [arena.put(start), arena.put(start)]
    prepare(whole)(arena.kernels)
    vi.mocked(pool.run).mockClear()
    prepare(divided)(parallel)
    expect(vi.mocked(pool.run).mock.calls.map(([, parts]) => parts.length)).toEqual([threads])
    expect(firstDifference(arena.read(divided, count), arena.read(whole, count))).toBeUndefined()
  })

  test('small calls are not', () => {
    vi.mocked(pool.run).mockClear()
    const x = random(100, 1)
    parallel.activate(Activation.tanh, x, x, 100, 0, 0)
    expect(pool.run).not.toHaveBeenCalled()
  })
})

test('a kernel that fails in any thread fails the call', () => {
  const beyond = 2 ** 31
  const part = [Activation.tanh, beyond, beyond, 100, 0, 0]
  expect(() => pool.run('activate', [part, part, part])).toThrow(/out of bounds|failed in a worker thread/)
  const x = random(100, 1)
  expect(() => pool.run('activate', [[Activation.tanh, x, x, 100, 0, 0]])).not.toThrow()
})
