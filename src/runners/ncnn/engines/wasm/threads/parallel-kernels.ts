// Kernels that divide large calls among threads. Every element is computed as in one call, so that the result has the same bits.
import type { Arguments } from '../../../../../kernels/definition.ts'
import type { NcnnKernels, ncnnDefinitions } from '../../../../../kernels/definitions.ts'
import { Initial } from '../../../../../kernels/ncnn.ts'
import type { KernelName, ThreadPool } from './pool.ts'

type CallOf<K extends KernelName> = Arguments<(typeof ncnnDefinitions)[K]>

/** How a call with such arguments is divided along one axis. */
interface Division<Name extends string> {
  /** The argument that is the axis' length. */
  readonly along: Name
  /** Parts begin at multiples of this. */
  readonly grain: number
  /** By how much other arguments grow for each step along the axis: pointers by bytes. */
  readonly advance: { readonly [N in Name]?: number }
  /** Bytes of each part's scratch memory, which lie one after the other; by default each thread has memory of its own for it. */
  readonly scratchBytes?: number
  /** Multiplications and additions, or what takes as long. */
  readonly work: number
}

/** What takes a thread some ten microseconds: less is not worth waking one. */
const leastWork = 2 ** 17

/** An absent pointer remains absent. */
const ifPresent = (pointer: number | undefined, step: number): number => (pointer ? step : 0)

type Divide<K extends KernelName> = (call: CallOf<K>, kernels: NcnnKernels) => Division<keyof CallOf<K> & string>

const divisions: { readonly [K in KernelName]?: Divide<K> } = {
  gemmLeft: ({ columnStride, ldc, m, n, k, initial }) => ({
    ...(m > n
      ? { along: 'm', grain: 4, advance: { packedA: 4 * k, c: 4 * ldc, bias: perRow(initial) } }
      : { along: 'n', grain: 8, advance: { b: 4 * columnStride, c: 4, bias: perColumn(initial) } }),
    work: m * n * k,
  }),
  gemmRight: ({ rowStride, ldc, m, n, k, initial }) => ({
    ...(m > n
      ? { along: 'm', grain: 4, advance: { a: 4 * rowStride, c: 4 * ldc, bias: perRow(initial) } }
      : { along: 'n', grain: 8, advance: { packedB: 4 * k, c: 4, bias: perColumn(initial) } }),
    work: m * n * k,
  }),
  gemm: ({ aRowStride, bColumnStride, ldc, m, n, k, initial }) => ({
    ...(m > n
      ? { along: 'm', grain: 4, advance: { a: 4 * aRowStride, c: 4 * ldc, bias: perRow(initial) } }
      : { along: 'n', grain: 8, advance: { b: 4 * bColumnStride, c: 4, bias: perColumn(initial) } }),
    work: m * n * k,
  }),
  convolution({ inch, bias, outch, outH, outW, kernelH, kernelW }) {
    const [depth, plane] = [inch * kernelH * kernelW, outH * outW]
    const advance = { packedWeights: 4 * depth, bias: ifPresent(bias, 4), output: 4 * plane }
    return { along: 'outch', grain: 4, advance, work: outch * plane * depth }
  },
  int8Gemm: ({ ldc, m, n, k }, { packedInt8RightBytes }) => ({
    ...(m > n
      ? { along: 'm', grain: 4, advance: { a: k, c: 4 * ldc } }
      : { along: 'n', grain: 8, advance: { packedB: packedInt8RightBytes({ k, n: 8 }) / 8, c: 4 } }),
    work: m * n * k,
  }),
  int8Convolution({ inch, sums, outch, outH, outW, kernelH, kernelW, bias, output }, { packedInt8FilterBytes }) {
    const [taps, plane] = [kernelH * kernelW, outH * outW]
    const advance = {
      packedFilters: packedInt8FilterBytes({ outch: 4, inch, taps }) / 4,
      sums: 4 * plane,
      scales: 4,
      bias: ifPresent(bias, 4),
      output: (output === sums ? 4 : 1) * plane,
    }
    return { along: 'outch', grain: 4, advance, work: outch * plane * inch * taps }
  },
  int8Window({ isFloat, channels, h, w, windowH, windowW }) {
    const plane = windowH * windowW
    const advance = { source: (isFloat ? 4 : 1) * h * w, window: plane }
    return { along: 'channels', grain: 1, advance, work: 2 * channels * plane }
  },
  int8Finish({ sums, channels, n, bias, output }) {
    const advance = { sums: 4 * n, scales: 4, bias: ifPresent(bias, 4), output: (output === sums ? 4 : 1) * n }
    return { along: 'channels', grain: 1, advance, work: 4 * channels * n }
  },
  int8Scale({ rows, n, rowScaleStride, addends, addendRowStride, outputStride }) {
    const advance = {
      sums: 4 * n,
      rowScales: 4 * rowScaleStride,
      addends: ifPresent(addends, 4 * addendRowStride),
      output: 4 * outputStride,
    }
    return { along: 'rows', grain: 1, advance, work: 8 * rows * n }
  },
  int8WinogradRows: (call, { int8WinogradScratchBytes }) => ({
    along: 'rowCount',
    grain: 1,
    advance: { firstRow: 1 },
    scratchBytes: int8WinogradScratchBytes(call),
    work: 2 * call.inch * call.outch * call.outH * call.outW,
  }),
  winogradRows: (call, { winogradScratchBytes }) => ({
    along: 'rowCount',
    grain: 1,
    advance: { firstRow: 1 },
    scratchBytes: winogradScratchBytes(call),
    work: call.inch * call.outch * call.outH * call.outW,
  }),
  depthwise(call, { depthwiseScratchBytes }) {
    const { channels, h, w, bias, outH, outW, kernelH, kernelW } = call
    const [taps, plane] = [kernelH * kernelW, outH * outW]
    const advance = { input: 4 * h * w, weights: 4 * taps, bias: ifPresent(bias, 4), output: 4 * plane }
    const scratchBytes = depthwiseScratchBytes(call)
    return { along: 'channels', grain: 1, advance, scratchBytes, work: channels * plane * taps }
  },
  activate: ({ n }) => ({ along: 'n', grain: 16, advance: { input: 4, output: 4 }, work: 8 * n }),
  softmax({ outer, length, inner }) {
    const bytes = 4 * length * inner
    return { along: 'outer', grain: 1, advance: { input: bytes, output: bytes }, work: 2 * outer * bytes }
  },
  layerNorm: ({ rows, n }) => ({
    along: 'rows',
    grain: 1,
    advance: { input: 4 * n, output: 4 * n },
    work: 4 * rows * n,
  }),
  pool({ channels, h, w, outH, outW, kernelH, kernelW }) {
    const plane = outH * outW
    const advance = { input: 4 * h * w, output: 4 * plane }
    return { along: 'channels', grain: 1, advance, work: channels * plane * kernelH * kernelW }
  },
  resize(call, { resizeScratchBytes }) {
    const { channels, h, w, outH, outW, countH, countW } = call
    const plane = outH * outW
    const advance = { input: 4 * h * w, output: 4 * plane }
    const work = channels * plane * (countH + countW)
    return { along: 'channels', grain: 1, advance, scratchBytes: resizeScratchBytes(call), work }
  },
  gridSample: ({ channels, d, h, w, n }) => ({
    along: 'channels',
    grain: 1,
    advance: { input: 4 * d * h * w, output: 4 * n },
    work: 8 * channels * n,
  }),
  deformedColumns({ channels, h, w, outH, outW, kernelH, kernelW }) {
    const elements = outH * outW * kernelH * kernelW
    const advance = { input: 4 * h * w, columns: 4 * elements }
    return { along: 'channels', grain: 1, advance, work: 8 * channels * elements }
  },
  spread(call, { spreadScratchBytes }) {
    const { channels, channelStride, weights, w, rowCount, outD, outH, outW, kernelD, kernelH, kernelW } = call
    const taps = kernelD * kernelH * kernelW
    const advance = { source: 4 * channelStride, weights: ifPresent(weights, 4 * taps), target: 4 * outD * outH * outW }
    const work = channels * rowCount * w * taps
    return { along: 'channels', grain: 1, advance, scratchBytes: spreadScratchBytes(call), work }
  },
}

const perRow = (initial: number | undefined): number => (initial === Initial.rowBias ? 4 : 0)
const perColumn = (initial: number | undefined): number => (initial === Initial.columnBias ? 4 : 0)

/** A call of any kernel. */
export type NamedCall = Readonly<Record<string, number>>

/** The same kernels, with large calls divided among the threads of the pool. They want scratch memory for all threads. */
export function parallelKernels(plain: NcnnKernels, pool: ThreadPool): NcnnKernels {
  const kernels: NcnnKernels = {
    ...plain,
    depthwiseScratchBytes: (call) => aligned(plain.depthwiseScratchBytes(call)),
    int8WinogradScratchBytes: (call) => aligned(plain.int8WinogradScratchBytes(call)),
    resizeScratchBytes: (call) => aligned(plain.resizeScratchBytes(call)),
    spreadScratchBytes: (call) => aligned(plain.spreadScratchBytes(call)),
    winogradScratchBytes: (call) => aligned(plain.winogradScratchBytes(call)),
  }
  const divided = Object.fromEntries(
    Object.entries(divisions).map(([name, divide]) => {
      const kernel = kernels[name as KernelName] as (call: NamedCall) => undefined
      const divideCall = divide as (call: NamedCall, kernels: NcnnKernels) => Division<string>
      const compute = (call: NamedCall): undefined => {
        const parts = partsOf(call, divideCall(call, kernels), pool)
        if (parts.length < 2) kernel(call)
        else pool.run(name as KernelName, parts)
      }
      return [name, compute]
    }),
  )
  const parallel: NcnnKernels = { ...kernels, ...divided }
  return {
    ...parallel,
    convolution: (call) => convolve(parallel, call),
    winogradConvolution: (call) =>
      parallel.winogradRows({ ...call, firstRow: 0, rowCount: Math.ceil(call.outH / call.size) }),
    depthwiseScratchBytes: (call) => pool.threads * kernels.depthwiseScratchBytes(call),
    int8WinogradScratchBytes: (call) => pool.threads * kernels.int8WinogradScratchBytes(call),
    resizeScratchBytes: (call) => pool.threads * kernels.resizeScratchBytes(call),
    spreadScratchBytes: (call) => pool.threads * kernels.spreadScratchBytes(call),
    winogradScratchBytes: (call) => pool.threads * kernels.winogradScratchBytes(call),
  }
}

const aligned = (bytes: number): number => Math.ceil(bytes / 64) * 64

/** A pointwise convolution is a product, which can be divided along the image: then no part of it is packed by several threads. */
function convolve({ gemmLeft, convolution }: NcnnKernels, call: CallOf<'convolution'>): undefined {
  const { inch, h, w, packedWeights, bias, outch, outH, outW, kernelH, kernelW, strideH, strideW } = call
  const isUnit = kernelH * kernelW * strideH * strideW === 1
  if (!isUnit || call.padTop !== 0 || call.padLeft !== 0 || outH !== h || outW !== w) return convolution(call)
  const n = outH * outW
  return gemmLeft({
    packedA: packedWeights,
    b: call.input,
    depthStride: n,
    columnStride: 1,
    c: call.output,
    ldc: n,
    m: outch,
    n,
    k: inch,
    initial: bias ? Initial.rowBias : Initial.zero,
    bias,
    activation: call.activation,
    activationA: call.activationA,
    activationB: call.activationB,
    scratch: call.scratch,
  })
}

/** The arguments of each part of a call, one for each thread if that is worth it. */
function partsOf(
  call: NamedCall,
  { along, grain, advance, scratchBytes, work }: Division<string>,
  { threads, scratch }: ThreadPool,
): NamedCall[] {
  const grains = Math.ceil(call[along] / grain)
  const count = Math.min(threads, grains, Math.floor(work / leastWork))
  if (count < 2) return [call]
  const steps = Object.entries(advance) as [string, number][]
  return Array.from({ length: count }, (_, i) => {
    const begin = Math.floor((i * grains) / count) * grain
    const end = Math.min(Math.floor(((i + 1) * grains) / count) * grain, call[along])
    const part: Record<string, number> = { ...call, [along]: end - begin }
    for (const [name, step] of steps) if (step !== 0) part[name] += begin * step
    if (scratchBytes !== undefined) part.scratch += i * scratchBytes
    else if ('scratch' in part && i > 0) part.scratch = scratch[i - 1]
    return part
  })
}
