// Kernels that divide large calls among threads. Every element is computed as in one call, so that the result has the same bits.
import { Initial, type NcnnKernels, packedInt8FilterBytes } from '../../../../../kernels/ncnn.ts'
import type { KernelName, ThreadPool } from './pool.ts'

/** How a call is divided along one axis. */
interface Division {
  /** Index of the argument with the axis' length. */
  readonly length: number
  /** Parts begin at multiples of this. */
  readonly grain: number
  /** By how much other arguments, by index, grow for each step along the axis: pointers by bytes. */
  readonly steps: readonly (readonly [index: number, step: number])[]
  /** Index of the scratch argument, if there is one. */
  readonly scratch?: number
  /** Bytes of each part's scratch memory, which lie one after the other; by default each thread has memory of its own for it. */
  readonly scratchBytes?: number
  /** Multiplications and additions, or what takes as long. */
  readonly work: number
}

/** What takes a thread some ten microseconds: less is not worth waking one. */
const leastWork = 2 ** 17

const perRow = (initial: number): number => (initial === Initial.rowBias ? 4 : 0)
const perColumn = (initial: number): number => (initial === Initial.columnBias ? 4 : 0)
/** An absent pointer remains absent. */
const ifPresent = (pointer: number, step: number): number => (pointer === 0 ? 0 : step)

/** A product's m rows or its n columns, whichever are more. */
function longer(m: number, n: number, k: number, scratch: number, rows: Axis, columns: Axis): Division {
  const [[length, steps], grain] = m > n ? [rows, 4] : [columns, 8]
  return { length, grain, steps, scratch, work: m * n * k }
}
type Axis = readonly [length: number, steps: Division['steps']]

type Divide<K extends KernelName> = (kernels: NcnnKernels, ...numbers: Parameters<NcnnKernels[K]>) => Division

const divisions: { readonly [K in KernelName]?: Divide<K> } = {
  gemmLeft: (_, _a, _b, _depthStride, columnStride, _c, ldc, m, n, k, initial) => {
    const rows: Axis = [
      6,
      [
        [0, 4 * k],
        [4, 4 * ldc],
        [10, perRow(initial)],
      ],
    ]
    const columns: Axis = [
      7,
      [
        [1, 4 * columnStride],
        [4, 4],
        [10, perColumn(initial)],
      ],
    ]
    return longer(m, n, k, 14, rows, columns)
  },
  gemmRight: (_, _a, rowStride, _depthStride, _b, _c, ldc, m, n, k, initial) => {
    const rows: Axis = [
      6,
      [
        [0, 4 * rowStride],
        [4, 4 * ldc],
        [10, perRow(initial)],
      ],
    ]
    const columns: Axis = [
      7,
      [
        [3, 4 * k],
        [4, 4],
        [10, perColumn(initial)],
      ],
    ]
    return longer(m, n, k, 14, rows, columns)
  },
  gemm: (_, _a, aRowStride, _aDepthStride, _b, _bDepthStride, bColumnStride, _c, ldc, m, n, k, initial) => {
    const rows: Axis = [
      8,
      [
        [0, 4 * aRowStride],
        [6, 4 * ldc],
        [12, perRow(initial)],
      ],
    ]
    const columns: Axis = [
      9,
      [
        [3, 4 * bColumnStride],
        [6, 4],
        [12, perColumn(initial)],
      ],
    ]
    return longer(m, n, k, 13, rows, columns)
  },
  convolution: (_, _x, inch, _h, _w, _weights, bias, _y, outch, outH, outW, kernelH, kernelW) => {
    const [depth, plane] = [inch * kernelH * kernelW, outH * outW]
    const steps = [
      [4, 4 * depth],
      [5, ifPresent(bias, 4)],
      [6, 4 * plane],
    ] as const
    return { length: 7, grain: 4, steps, scratch: 22, work: outch * plane * depth }
  },
  int8Gemm: (_, _a, _b, _c, ldc, m, n, k) => {
    const rows: Axis = [
      4,
      [
        [0, k],
        [2, 4 * ldc],
      ],
    ]
    const columns: Axis = [
      5,
      [
        [1, 4 * Math.ceil(k / 2)],
        [2, 4],
      ],
    ]
    return longer(m, n, k, 7, rows, columns)
  },
  int8Convolution: (_, _x, inch, _h, _w, _filters, sums, outch, outH, outW, kernelH, kernelW, ...rest) => {
    const [, , , , , bias, , , , , y] = rest
    const [taps, plane] = [kernelH * kernelW, outH * outW]
    const steps = [
      [4, packedInt8FilterBytes(4, inch, taps) / 4],
      [5, 4 * plane],
      [15, 4],
      [16, ifPresent(bias, 4)],
      [21, (y === sums ? 4 : 1) * plane],
    ] as const
    return { length: 6, grain: 4, steps, scratch: 22, work: outch * plane * inch * taps }
  },
  int8Window: (_, _x, isFloat, _scale, channels, h, w, _window, windowH, windowW) => {
    const plane = windowH * windowW
    const steps = [
      [0, (isFloat ? 4 : 1) * h * w],
      [6, plane],
    ] as const
    return { length: 3, grain: 1, steps, work: 2 * channels * plane }
  },
  int8Finish: (_, sums, channels, n, _scales, bias, _activation, _a, _b, _outputScale, y) => {
    const steps = [
      [0, 4 * n],
      [3, 4],
      [4, ifPresent(bias, 4)],
      [9, (y === sums ? 4 : 1) * n],
    ] as const
    return { length: 1, grain: 1, steps, work: 4 * channels * n }
  },
  int8Scale: (
    _,
    _sums,
    rows,
    n,
    _rowScales,
    rowScaleStride,
    _columnScales,
    _stride,
    addends,
    addendRowStride,
    ...rest
  ) => {
    const [, , , , outputStride] = rest
    const steps = [
      [0, 4 * n],
      [3, 4 * rowScaleStride],
      [7, ifPresent(addends, 4 * addendRowStride)],
      [12, 4 * outputStride],
    ] as const
    return { length: 1, grain: 1, steps, work: 8 * rows * n }
  },
  winogradRows: (kernels, ...numbers) => {
    const [size, , inch, , , , , , outch, outH, outW] = numbers
    const scratchBytes = kernels.winogradScratchBytes(size, inch, outch, outH, outW)
    return { length: 18, grain: 1, steps: [[17, 1]], scratch: 19, scratchBytes, work: inch * outch * outH * outW }
  },
  depthwise: ({ depthwiseScratchBytes }, ...numbers) => {
    const [, channels, h, w, , bias, , outH, outW, kernelH, kernelW, ...rest] = numbers
    const [strideH, strideW, dilationH, dilationW] = rest
    const [taps, plane] = [kernelH * kernelW, outH * outW]
    const steps = [
      [0, 4 * h * w],
      [4, 4 * taps],
      [5, ifPresent(bias, 4)],
      [6, 4 * plane],
    ] as const
    const scratchBytes = depthwiseScratchBytes(outW, kernelH, kernelW, strideH, strideW, dilationH, dilationW)
    return { length: 1, grain: 1, steps, scratch: 21, scratchBytes, work: channels * plane * taps }
  },
  activate: (_, _activation, _x, _y, n) => ({
    length: 3,
    grain: 16,
    steps: [
      [1, 4],
      [2, 4],
    ],
    work: 8 * n,
  }),
  softmax: (_, _x, _y, outer, length, inner) => {
    const bytes = 4 * length * inner
    return {
      length: 2,
      grain: 1,
      steps: [
        [0, bytes],
        [1, bytes],
      ],
      work: 2 * outer * bytes,
    }
  },
  layerNorm: (_, _x, _y, rows, n) => ({
    length: 2,
    grain: 1,
    steps: [
      [0, 4 * n],
      [1, 4 * n],
    ],
    work: 4 * rows * n,
  }),
  pool: (_, _type, _x, channels, h, w, _y, outH, outW, kernelH, kernelW) => {
    const plane = outH * outW
    const steps = [
      [1, 4 * h * w],
      [5, 4 * plane],
    ] as const
    return { length: 2, grain: 1, steps, work: channels * plane * kernelH * kernelW }
  },
  resize: ({ resizeScratchBytes }, _x, channels, h, w, _y, outH, outW, countH, _firstH, _weightH, countW) => {
    const plane = outH * outW
    const steps = [
      [0, 4 * h * w],
      [4, 4 * plane],
    ] as const
    const work = channels * plane * (countH + countW)
    return { length: 1, grain: 1, steps, scratch: 13, scratchBytes: resizeScratchBytes(outW), work }
  },
  gridSample: (_, _type, _axes, _x, channels, d, h, w, _grid, _axisStride, _pointStride, _y, n) => {
    const steps = [
      [2, 4 * d * h * w],
      [10, 4 * n],
    ] as const
    return { length: 3, grain: 1, steps, scratch: 14, work: 8 * channels * n }
  },
  deformedColumns: (_, _x, channels, h, w, _offset, _mask, _columns, outH, outW, kernelH, kernelW) => {
    const elements = outH * outW * kernelH * kernelW
    const steps = [
      [0, 4 * h * w],
      [6, 4 * elements],
    ] as const
    return { length: 1, grain: 1, steps, scratch: 17, work: 8 * channels * elements }
  },
  spread: ({ spreadScratchBytes }, ...numbers) => {
    const [, channels, channelStride, , weights, , , w, , rowCount, , outD, outH, outW, ...rest] = numbers
    const [kernelD, kernelH, kernelW, , , strideW] = rest
    const taps = kernelD * kernelH * kernelW
    const steps = [
      [0, 4 * channelStride],
      [4, ifPresent(weights, 4 * taps)],
      [10, 4 * outD * outH * outW],
    ] as const
    const scratchBytes = spreadScratchBytes(outW, kernelW, strideW)
    return { length: 1, grain: 1, steps, scratch: 26, scratchBytes, work: channels * rowCount * w * taps }
  },
}

/** The same kernels, with large calls divided among the threads of the pool. They want scratch memory for all threads. */
export function parallelKernels(plain: NcnnKernels, pool: ThreadPool): NcnnKernels {
  const kernels: NcnnKernels = {
    ...plain,
    depthwiseScratchBytes: (...numbers) => aligned(plain.depthwiseScratchBytes(...numbers)),
    resizeScratchBytes: (...numbers) => aligned(plain.resizeScratchBytes(...numbers)),
    spreadScratchBytes: (...numbers) => aligned(plain.spreadScratchBytes(...numbers)),
    winogradScratchBytes: (...numbers) => aligned(plain.winogradScratchBytes(...numbers)),
  }
  const divided = Object.fromEntries(
    Object.entries(divisions).map(([name, divide]) => {
      const kernel = kernels[name as KernelName] as (...numbers: readonly number[]) => void
      const divideCall = divide as (kernels: NcnnKernels, ...numbers: readonly number[]) => Division
      const call = (...numbers: readonly number[]): void => {
        const parts = partsOf(numbers, divideCall(kernels, ...numbers), pool)
        if (parts.length < 2) kernel(...numbers)
        else pool.run(name as KernelName, parts)
      }
      return [name, call]
    }),
  )
  const parallel: NcnnKernels = { ...kernels, ...divided }
  return {
    ...parallel,
    convolution: (...numbers) => convolve(parallel, numbers),
    winogradConvolution: (...numbers) => convolveWinograd(parallel, numbers),
    depthwiseScratchBytes: (...numbers) => pool.threads * kernels.depthwiseScratchBytes(...numbers),
    resizeScratchBytes: (...numbers) => pool.threads * kernels.resizeScratchBytes(...numbers),
    spreadScratchBytes: (...numbers) => pool.threads * kernels.spreadScratchBytes(...numbers),
    winogradScratchBytes: (...numbers) => pool.threads * kernels.winogradScratchBytes(...numbers),
  }
}

const aligned = (bytes: number): number => Math.ceil(bytes / 64) * 64

/** A pointwise convolution is a product, which can be divided along the image: then no part of it is packed by several threads. */
function convolve({ gemmLeft, convolution }: NcnnKernels, numbers: Parameters<NcnnKernels['convolution']>): void {
  const [x, inch, h, w, weights, bias, y, outch, outH, outW, kernelH, kernelW, strideH, strideW, , , ...rest] = numbers
  const [padTop, padLeft, , activation, a, b, scratch] = rest
  const n = outH * outW
  const isUnit = kernelH * kernelW * strideH * strideW === 1
  if (isUnit && padTop === 0 && padLeft === 0 && outH === h && outW === w) {
    const initial = bias === 0 ? Initial.zero : Initial.rowBias
    gemmLeft(weights, x, n, 1, y, n, outch, n, inch, initial, bias, activation, a, b, scratch)
  } else convolution(...numbers)
}

function convolveWinograd(
  { winogradRows }: NcnnKernels,
  numbers: Parameters<NcnnKernels['winogradConvolution']>,
): void {
  const [size, x, inch, h, w, filters, bias, y, outch, outH, outW, ...rest] = numbers
  const [padTop, padLeft, padValue, activation, a, b, scratch] = rest
  const rows = Math.ceil(outH / size)
  winogradRows(
    size,
    x,
    inch,
    h,
    w,
    filters,
    bias,
    y,
    outch,
    outH,
    outW,
    padTop,
    padLeft,
    padValue,
    activation,
    a,
    b,
    0,
    rows,
    scratch,
  )
}

/** The arguments of each part of a call, one for each thread if that is worth it. */
function partsOf(
  numbers: readonly number[],
  division: Division,
  { threads, scratch: threadScratch }: ThreadPool,
): number[][] {
  const { length, grain, steps, scratch, scratchBytes, work } = division
  const grains = Math.ceil(numbers[length] / grain)
  const count = Math.min(threads, grains, Math.floor(work / leastWork))
  return Array.from({ length: Math.max(count, 1) }, (_, i) => {
    const begin = Math.floor((i * grains) / count) * grain
    const end = Math.min(Math.floor(((i + 1) * grains) / count) * grain, numbers[length])
    const part = [...numbers]
    part[length] = end - begin
    for (const [index, step] of steps) part[index] += begin * step
    if (scratch !== undefined && scratchBytes !== undefined) part[scratch] += i * scratchBytes
    else if (scratch !== undefined && i > 0) part[scratch] = threadScratch[i - 1]
    return part
  })
}
