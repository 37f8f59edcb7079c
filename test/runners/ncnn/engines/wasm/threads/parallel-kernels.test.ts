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
  const started = await startPool({ module, memory }, megabytes * 2 ** 20 - poolBytes(threads), threads)
  pool = { ...started, run: vi.fn(started.run) }
  parallel = parallelKernels(kernels, pool)
})
afterAll(() => pool.end())
beforeEach(() => arena.reset())

const random = (count: number, seed: number): Pointer => arena.put(randomFloats(count, seed))
const scratch = (): Pointer => arena.bytes(gemmScratchBytes)

function packedLeft(m: number, k: number): Pointer {
  const packed = arena.bytes(packedLeftBytes(m, k))
  arena.kernels.packLeft({
    source: random(m * k, 1),
    weightType: WeightType.float32,
    rowStride: k,
    depthStride: 1,
    m,
    k,
    packed,
  })
  return packed
}

function packedRight(k: number, n: number): Pointer {
  const packed = arena.bytes(packedRightBytes(k, n))
  arena.kernels.packRight({
    source: random(k * n, 1),
    weightType: WeightType.float32,
    depthStride: 1,
    columnStride: k,
    k,
    n,
    packed,
  })
  return packed
}

function positiveBytes(count: number, seed: number): Pointer {
  return arena.putBytes(randomBytes(count, seed).map((v) => v & 127))
}

function winogradFilters(size: WinogradSize, outch: number, inch: number): Pointer {
  const places = winogradPlaces(size)
  const transformed = arena.floats(places * outch * inch)
  arena.kernels.winogradFilters({ size, filters: random(outch * inch * 9, 1), count: outch * inch, transformed })
  const bytes = packedLeftBytes(outch, inch)
  const packed = arena.bytes(places * bytes)
  for (let place = 0; place < places; place++) {
    const source = transformed + 4 * place * outch * inch
    arena.kernels.packLeft({
      source,
      weightType: WeightType.float32,
      rowStride: inch,
      depthStride: 1,
      m: outch,
      k: inch,
      packed: packed + place * bytes,
    })
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
    const work = arena.bytes(parallel.winogradScratchBytes({ size, inch: 21, outch: 19, outH: 53, outW: 49 }))
    return (kernels) =>
      kernels.winogradConvolution({
        size,
        input: x,
        inch: 21,
        h: 53,
        w: 49,
        packedFilters: filters,
        bias,
        output: y,
        outch: 19,
        outH: 53,
        outW: 49,
        padTop: 1,
        padLeft: 1,
        padValue: 0,
        activation: Activation.gelu,
        scratch: work,
      })
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
        const activation = { activation: Activation.clip, activationA: -2, activationB: 3 }
        const left: Case = (y) => {
          const [a, b, offsets, work] = [packedLeft(m, k), random(k * n, 2), bias(), scratch()]
          return (kernels) =>
            kernels.gemmLeft({
              packedA: a,
              b,
              depthStride: n,
              columnStride: 1,
              c: y,
              ldc: n,
              m,
              n,
              k,
              initial,
              bias: offsets,
              ...activation,
              scratch: work,
            })
        }
        const right: Case = (y) => {
          const [a, b, offsets, work] = [random(m * k, 2), packedRight(k, n), bias(), scratch()]
          return (kernels) =>
            kernels.gemmRight({
              a,
              rowStride: k,
              depthStride: 1,
              packedB: b,
              c: y,
              ldc: n,
              m,
              n,
              k,
              initial,
              bias: offsets,
              ...activation,
              scratch: work,
            })
        }
        const plain: Case = (y) => {
          const [a, b, offsets, work] = [random(m * k, 2), random(k * n, 4), bias(), scratch()]
          return (kernels) =>
            kernels.gemm({
              a,
              aRowStride: 1,
              aDepthStride: m,
              b,
              bDepthStride: 1,
              bColumnStride: k,
              c: y,
              ldc: n,
              m,
              n,
              k,
              initial,
              bias: offsets,
              scratch: work,
            })
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
        kernels.gemmRight({
          a,
          rowStride: 700,
          depthStride: 1,
          packedB: b,
          c: y,
          ldc: 1003,
          m: 1,
          n: 1003,
          k: 700,
          initial: Initial.columnBias,
          bias,
          activation: Activation.tanh,
          scratch: work,
        })
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
              kernels.convolution({
                input: x,
                inch: 20,
                h: 31,
                w: 37,
                packedWeights: weights,
                bias,
                output: y,
                outch: 29,
                outH: 31,
                outW: 37,
                kernelH: size,
                kernelW: size,
                strideH: 1,
                strideW: 1,
                dilationH: 1,
                dilationW: 1,
                padTop: pad,
                padLeft: pad,
                padValue: 0.5,
                activation: Activation.swish,
                scratch: work,
              })
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
        kernels.convolution({
          input: x,
          inch: 40,
          h: 31,
          w: 37,
          packedWeights: weights,
          output: y,
          outch: 29,
          outH: 33,
          outW: 39,
          kernelH: 1,
          kernelW: 1,
          strideH: 1,
          strideW: 1,
          dilationH: 1,
          dilationW: 1,
          padTop: 1,
          padLeft: 1,
          padValue: 0,
          scratch: work,
        })
    },
  },
  'winogradConvolution, tiles of 2': winograd(2),
  'winogradConvolution, tiles of 4': winograd(4),
  depthwise: {
    count: 41 * 61 * 63,
    prepare: (y) => {
      const [x, weights, bias] = [random(41 * 61 * 63, 2), random(41 * 9, 1), random(41, 3)]
      const work = arena.bytes(
        parallel.depthwiseScratchBytes({
          outW: 63,
          kernelH: 3,
          kernelW: 3,
          strideH: 1,
          strideW: 1,
          dilationH: 1,
          dilationW: 1,
        }),
      )
      return (kernels) =>
        kernels.depthwise({
          input: x,
          channels: 41,
          h: 61,
          w: 63,
          weights,
          bias,
          output: y,
          outH: 61,
          outW: 63,
          kernelH: 3,
          kernelW: 3,
          strideH: 1,
          strideW: 1,
          dilationH: 1,
          dilationW: 1,
          padTop: 1,
          padLeft: 1,
          padValue: 0,
          activation: Activation.hardSwish,
          activationA: 1 / 6,
          activationB: 0.5,
          scratch: work,
        })
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
          const packed = arena.bytes(arena.kernels.packedInt8RightBytes({ k, n }))
          arena.kernels.packInt8Right({ source: positiveBytes(n * k, 1), k, n, packed })
          const [a, work] = [positiveBytes(m * k, 2), scratch()]
          return (kernels) => kernels.int8Gemm({ a, packedB: packed, c: y, ldc: n, m, n, k, scratch: work })
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
          const filters = arena.bytes(arena.kernels.packedInt8FilterBytes({ outch: 29, inch: 21, taps: 9 }))
          arena.kernels.packInt8Filters({
            source: positiveBytes(29 * 21 * 9, 1),
            outch: 29,
            inch: 21,
            taps: 9,
            packed: filters,
          })
          const [x, scales, bias] = [positiveBytes(21 * 30 * 38, 2), random(29, 3), random(29, 4)]
          const [sums, work] = [result === 'bytes' ? arena.floats(29 * 28 * 36) : y, scratch()]
          return (kernels) =>
            kernels.int8Convolution({
              input: x,
              inch: 21,
              h: 30,
              w: 38,
              packedFilters: filters,
              sums,
              outch: 29,
              outH: 28,
              outW: 36,
              kernelH: 3,
              kernelW: 3,
              strideH: 1,
              strideW: 1,
              dilationH: 1,
              dilationW: 1,
              scales,
              bias,
              activation: Activation.relu,
              outputScale: 1e-5,
              output: y,
              scratch: work,
            })
        }) satisfies Case,
      },
    ]),
  ),
  int8WinogradRows: {
    count: 29 * 57 * 36,
    prepare: (y) => {
      const shape = { size: 4, inch: 21, outch: 29 }
      const packed = arena.bytes(arena.kernels.int8WinogradFilterBytes(shape))
      arena.kernels.packInt8WinogradFilters({ ...shape, filters: positiveBytes(29 * 21 * 9, 1), packed })
      const [x, scales, bias] = [positiveBytes(21 * 59 * 38, 2), random(29, 3), random(29, 4)]
      return (kernels) => {
        const [outH, outW] = [57, 36]
        const scratchBytes = kernels.int8WinogradScratchBytes({ ...shape, outH, outW })
        kernels.int8WinogradRows({
          ...shape,
          input: x,
          h: 59,
          w: 38,
          packedFilters: packed,
          sums: y,
          outH,
          outW,
          scales,
          bias,
          outputScale: 0,
          output: y,
          firstRow: 0,
          rowCount: 15,
          scratch: arena.bytes(scratchBytes),
        })
      }
    },
  },
  int8Window: {
    count: (61 * 64 * 68) / 4,
    prepare: (y) => {
      const x = arena.put(randomFloats(61 * 61 * 63, 2).map(Math.abs))
      return (kernels) =>
        kernels.int8Window({
          source: x,
          isFloat: 1,
          scale: 127,
          channels: 61,
          h: 61,
          w: 63,
          window: y,
          windowH: 64,
          windowW: 68,
          top: 1,
          left: 2,
          pad: 5,
        })
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
            kernels.int8Finish({
              sums,
              channels: 41,
              n: 63 * 64,
              scales,
              bias,
              activation: Activation.relu,
              outputScale: 50,
              output: y,
            })
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
        kernels.int8Scale({
          sums,
          rows: 151,
          n: 777,
          rowScales,
          rowScaleStride: 1,
          columnScales,
          columnScaleStride: 1,
          addends,
          addendRowStride: 1,
          addendColumnStride: 0,
          beta: 0.3,
          alpha: 1.7,
          output: y,
          outputStride: 777,
        })
    },
  },
  activate: {
    count: 70_001,
    prepare: (y) => {
      const x = random(70_001, 2)
      return (kernels) => kernels.activate({ activation: Activation.erf, input: x, output: y, n: 70_001 })
    },
  },
  softmax: {
    count: 61 * 999,
    prepare: (y) => {
      const x = random(61 * 999, 2)
      return (kernels) => kernels.softmax({ input: x, output: y, outer: 61, length: 333, inner: 3 })
    },
  },
  layerNorm: {
    count: 151 * 777,
    prepare: (y) => {
      const [x, gamma, beta] = [random(151 * 777, 2), random(777, 3), random(777, 4)]
      return (kernels) => kernels.layerNorm({ input: x, output: y, rows: 151, n: 777, gamma, beta, eps: 1e-5 })
    },
  },
  pool: {
    count: 37 * 40 * 41,
    prepare: (y) => {
      const x = random(37 * 81 * 83, 2)
      return (kernels) =>
        kernels.pool({
          type: PoolType.max,
          input: x,
          channels: 37,
          h: 81,
          w: 83,
          output: y,
          outH: 40,
          outW: 41,
          kernelH: 3,
          kernelW: 3,
          strideH: 2,
          strideW: 2,
          padTop: 0,
          padLeft: 0,
          countIncludePad: 0,
        })
    },
  },
  resize: {
    count: 33 * 60 * 61,
    prepare: (y) => {
      const x = random(33 * 31 * 30, 2)
      const first = arena.putBytes(
        new Uint8Array(Int32Array.from({ length: 61 }, (_, i) => Math.min(i >> 1, 28)).buffer),
      )
      const [weightH, weightW, work] = [
        random(120, 3),
        random(122, 4),
        arena.bytes(parallel.resizeScratchBytes({ outW: 61 })),
      ]
      return (kernels) =>
        kernels.resize({
          input: x,
          channels: 33,
          h: 31,
          w: 30,
          output: y,
          outH: 60,
          outW: 61,
          countH: 2,
          firstH: first,
          weightH,
          countW: 2,
          firstW: first,
          weightW,
          scratch: work,
        })
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
      return (kernels) =>
        kernels.gridSample({
          sampleType: 1,
          axes: 2,
          input: x,
          channels: 29,
          d: 1,
          h: 31,
          w: 37,
          grid,
          axisStride: 1,
          pointStride: 2,
          output: y,
          n: 1997,
          paddingMode: 1,
          alignCorner: 0,
          scratch: work,
        })
    },
  },
  deformedColumns: {
    count: 17 * 6 * 30 * 36,
    prepare: (y) => {
      const [x, offset, mask] = [random(17 * 31 * 37, 2), random(12 * 30 * 36, 3), random(6 * 30 * 36, 4)]
      const work = arena.bytes(parallel.bilinearScratchBytes())
      return (kernels) =>
        kernels.deformedColumns({
          input: x,
          channels: 17,
          h: 31,
          w: 37,
          offset,
          mask,
          columns: y,
          outH: 30,
          outW: 36,
          kernelH: 2,
          kernelW: 3,
          strideH: 1,
          strideW: 1,
          dilationH: 1,
          dilationW: 1,
          padTop: 0,
          padLeft: 0,
          scratch: work,
        })
    },
  },
  'spread with weights': {
    count: 29 * 60 * 62,
    prepare: (y) => {
      const [x, weights] = [random(29 * 30 * 31, 2), random(29 * 16, 3)]
      const work = arena.bytes(parallel.spreadScratchBytes({ outW: 62, kernelW: 4, strideW: 2 }))
      return (kernels) => {
        kernels.fill({ destination: y, n: 29 * 60 * 62, value: 0.5 })
        kernels.spread({
          source: x,
          channels: 29,
          channelStride: 30 * 31,
          tapStride: 0,
          weights,
          d: 1,
          h: 30,
          w: 31,
          firstRow: 0,
          rowCount: 30,
          target: y,
          outD: 1,
          outH: 60,
          outW: 62,
          kernelD: 1,
          kernelH: 4,
          kernelW: 4,
          strideD: 1,
          strideH: 2,
          strideW: 2,
          dilationD: 1,
          dilationH: 1,
          dilationW: 1,
          front: 0,
          top: 1,
          left: 1,
          scratch: work,
        })
      }
    },
  },
  'spread of products': {
    count: 53 * 30 * 31,
    prepare: (y) => {
      const [x, work] = [
        random(53 * 9 * 30 * 31, 2),
        arena.bytes(parallel.spreadScratchBytes({ outW: 31, kernelW: 3, strideW: 1 })),
      ]
      return (kernels) => {
        kernels.fill({ destination: y, n: 53 * 30 * 31, value: 0.5 })
        kernels.spread({
          source: x,
          channels: 53,
          channelStride: 9 * 30 * 31,
          tapStride: 30 * 31,
          d: 1,
          h: 30,
          w: 31,
          firstRow: 0,
          rowCount: 30,
          target: y,
          outD: 1,
          outH: 30,
          outW: 31,
          kernelD: 1,
          kernelH: 3,
          kernelW: 3,
          strideD: 1,
          strideH: 1,
          strideW: 1,
          dilationD: 1,
          dilationH: 1,
          dilationW: 1,
          front: 0,
          top: 1,
          left: 1,
          scratch: work,
        })
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
    parallel.activate({ activation: Activation.tanh, input: x, output: x, n: 100 })
    expect(pool.run).not.toHaveBeenCalled()
  })
})

test('a kernel that fails in any thread fails the call', () => {
  const beyond = 2 ** 31
  const part = { activation: Activation.tanh, input: beyond, output: beyond, n: 100 }
  expect(() => pool.run('activate', [part, part, part])).toThrow(/out of bounds|failed in a worker thread/)
  const x = random(100, 1)
  expect(() => pool.run('activate', [{ activation: Activation.tanh, input: x, output: x, n: 100 }])).not.toThrow()
})
