// The first part of section `kernels` of `npm run bench`: the speed of the ncnn engine's kernels on the layer shapes of real networks.
import './relaxed-simd.ts'
import {
  Activation,
  createNcnnKernels,
  firstFreeByte,
  gemmScratchBytes,
  Initial,
  maxPages,
  type NcnnKernels,
  ncnnModule,
  type Pointer,
  packedLeftBytes,
  packedRightBytes,
  readSlackBytes,
  recurrentScratchBytes,
  WeightType,
} from '../src/kernels/ncnn.ts'
import { markdownTable } from './measure.ts'
import { createPeak } from './peak.ts'
import type { SectionResult } from './section.ts'

/** Speed of one form of a kernel, in the median round. `gflops` counts a multiplication and an addition as two. */
interface Speed {
  milliseconds: number
  fastest: number
  gflops: number
  /** Share of the most that the processor can, measured in the same rounds. */
  share: number
}

interface KernelTiming {
  name: string
  ofPeak: boolean
  plain: Speed
  /** With `relaxedSimd`; undefined where it changes nothing. */
  relaxed: Speed | undefined
}

/** Memory for one case: arrays of random numbers and of results. */
interface Bench {
  kernels: NcnnKernels
  random(count: number): Pointer
  bytes(count: number): Pointer
  integers(values: Int32Array): Pointer
}

interface KernelCase {
  name: string
  flops: number
  /** Whether it multiplies and adds floats, so that what the processor can do of that is its limit. */
  ofPeak: boolean
  /** Prepares weights and inputs; what it returns is timed. */
  prepare(bench: Bench): () => void
}

function product(name: string, m: number, n: number, k: number): KernelCase {
  return {
    name,
    flops: 2 * m * n * k,
    ofPeak: true,
    prepare({ kernels, random, bytes }) {
      const packed = bytes(packedLeftBytes(m, k))
      kernels.packLeft({
        source: random(m * k),
        weightType: WeightType.float32,
        rowStride: k,
        depthStride: 1,
        m,
        k,
        packed,
      })
      const [b, c, bias, scratch] = [random(k * n), bytes(m * n * 4), random(m), bytes(gemmScratchBytes)]
      return () =>
        kernels.gemmLeft({
          packedA: packed,
          b,
          depthStride: n,
          columnStride: 1,
          c,
          ldc: n,
          m,
          n,
          k,
          initial: Initial.rowBias,
          bias,
          activation: Activation.relu,
          scratch,
        })
    },
  }
}

function linear(name: string, rows: number, outputs: number, inputs: number): KernelCase {
  return {
    name,
    flops: 2 * rows * outputs * inputs,
    ofPeak: true,
    prepare({ kernels, random, bytes }) {
      const packed = bytes(packedRightBytes(inputs, outputs))
      kernels.packRight({
        source: random(inputs * outputs),
        weightType: WeightType.float32,
        depthStride: 1,
        columnStride: inputs,
        k: inputs,
        n: outputs,
        packed,
      })
      const [a, c, bias, scratch] = [
        random(rows * inputs),
        bytes(rows * outputs * 4),
        random(outputs),
        bytes(gemmScratchBytes),
      ]
      return () =>
        kernels.gemmRight({
          a,
          rowStride: inputs,
          depthStride: 1,
          packedB: packed,
          c,
          ldc: outputs,
          m: rows,
          n: outputs,
          k: inputs,
          initial: Initial.columnBias,
          bias,
          scratch,
        })
    },
  }
}

export interface Window {
  channels: number
  outputs: number
  size: [h: number, w: number]
  kernel: [h: number, w: number]
  stride?: number
  dilation?: number
}

/** A convolution that pads to keep the size (divided by the stride). */
function convolution(name: string, window: Window, depthwise = false): KernelCase {
  const { channels, outputs, stride = 1, dilation = 1 } = window
  const [h, w] = window.size
  const [kernelH, kernelW] = window.kernel
  const [padTop, padLeft] = [((kernelH - 1) * dilation) >> 1, ((kernelW - 1) * dilation) >> 1]
  const [outH, outW] = [Math.ceil(h / stride), Math.ceil(w / stride)]
  const k = (depthwise ? 1 : channels) * kernelH * kernelW
  return {
    name,
    flops: 2 * outputs * outH * outW * k,
    ofPeak: true,
    prepare({ kernels, random, bytes }) {
      const [input, output, bias] = [random(channels * h * w), bytes(outputs * outH * outW * 4), random(outputs)]
      const strides = { strideH: stride, strideW: stride, dilationH: dilation, dilationW: dilation }
      const shape = { kernelH, kernelW, ...strides }
      const rest = { padTop, padLeft, padValue: 0, activation: Activation.relu }
      const weights = random(outputs * k)
      if (depthwise) {
        const scratch = bytes(kernels.depthwiseScratchBytes({ outW, ...shape }))
        return () =>
          kernels.depthwise({
            input,
            channels,
            h,
            w,
            weights,
            bias,
            output,
            outH,
            outW,
            ...shape,
            ...rest,
            scratch,
          })
      }
      const packed = bytes(packedLeftBytes(outputs, k))
      kernels.packLeft({
        source: weights,
        weightType: WeightType.float32,
        rowStride: k,
        depthStride: 1,
        m: outputs,
        k,
        packed,
      })
      const scratch = bytes(gemmScratchBytes)
      return () =>
        kernels.convolution({
          input,
          inch: channels,
          h,
          w,
          packedWeights: packed,
          bias,
          output,
          outch: outputs,
          outH,
          outW,
          ...shape,
          ...rest,
          scratch,
        })
    },
  }
}

/** The same with int8 weights: the float image is quantised, sums are integers, the result is float. */
function int8Convolution(name: string, window: Window): KernelCase {
  const { channels, outputs, stride = 1 } = window
  const [h, w] = window.size
  const [kernelH, kernelW] = window.kernel
  const [top, left, taps] = [(kernelH - 1) >> 1, (kernelW - 1) >> 1, kernelH * kernelW]
  const [outH, outW] = [Math.ceil(h / stride), Math.ceil(w / stride)]
  const [windowH, windowW] = [(outH - 1) * stride + kernelH, (outW - 1) * stride + kernelW]
  return {
    name,
    flops: 2 * outputs * outH * outW * channels * taps,
    ofPeak: false,
    prepare({ kernels, random, bytes }) {
      const [input, output] = [random(channels * h * w), bytes(outputs * outH * outW * 4)]
      const [scales, bias, image] = [random(outputs), random(outputs), bytes(channels * windowH * windowW)]
      const packed = bytes(kernels.packedInt8FilterBytes({ outch: outputs, inch: channels, taps }))
      kernels.packInt8Filters({
        source: random((outputs * channels * taps) >> 2),
        outch: outputs,
        inch: channels,
        taps,
        packed,
      })
      const scratch = bytes(gemmScratchBytes)
      return () => {
        kernels.int8Window({
          source: input,
          isFloat: 1,
          scale: 127,
          channels,
          h,
          w,
          window: image,
          windowH,
          windowW,
          top,
          left,
          pad: 0,
        })
        kernels.int8Convolution({
          input: image,
          inch: channels,
          h: windowH,
          w: windowW,
          packedFilters: packed,
          sums: output,
          outch: outputs,
          outH,
          outW,
          kernelH,
          kernelW,
          strideH: stride,
          strideW: stride,
          dilationH: 1,
          dilationW: 1,
          scales,
          bias,
          activation: Activation.relu,
          outputScale: 0,
          output,
          scratch,
        })
      }
    },
  }
}

/** The product alone. */
function int8Linear(name: string, rows: number, outputs: number, inputs: number): KernelCase {
  return {
    name,
    flops: 2 * rows * outputs * inputs,
    ofPeak: false,
    prepare({ kernels, random, bytes }) {
      const packed = bytes(kernels.packedInt8RightBytes({ k: inputs, n: outputs }))
      kernels.packInt8Right({ source: random((inputs * outputs) >> 2), k: inputs, n: outputs, packed })
      const [a, c, scratch] = [random((rows * inputs) >> 2), bytes(rows * outputs * 4), bytes(gemmScratchBytes)]
      return () => kernels.int8Gemm({ a, packedB: packed, c, ldc: outputs, m: rows, n: outputs, k: inputs, scratch })
    },
  }
}

function lstm(name: string, steps: number, inputs: number, hiddenSize: number): KernelCase {
  const n = 4 * hiddenSize
  return {
    name,
    flops: 2 * steps * n * (inputs + hiddenSize),
    ofPeak: true,
    prepare({ kernels, random, bytes }) {
      const [packedInput, packedHidden] = [bytes(packedRightBytes(inputs, n)), bytes(packedRightBytes(hiddenSize, n))]
      kernels.packRight({
        source: random(inputs * n),
        weightType: WeightType.float32,
        depthStride: 1,
        columnStride: inputs,
        k: inputs,
        n,
        packed: packedInput,
      })
      kernels.packRight({
        source: random(hiddenSize * n),
        weightType: WeightType.float32,
        depthStride: 1,
        columnStride: hiddenSize,
        k: hiddenSize,
        n,
        packed: packedHidden,
      })
      const [x, gates, bias, hidden, cell] = [
        random(steps * inputs),
        bytes(steps * n * 4),
        random(n),
        random(hiddenSize),
        random(hiddenSize),
      ]
      const [output, scratch] = [bytes(steps * hiddenSize * 4), bytes(recurrentScratchBytes(4, hiddenSize))]
      return () => {
        kernels.gemmRight({
          a: x,
          rowStride: inputs,
          depthStride: 1,
          packedB: packedInput,
          c: gates,
          ldc: n,
          m: steps,
          n,
          k: inputs,
          initial: Initial.columnBias,
          bias,
          scratch,
        })
        kernels.lstm({
          gates,
          packedHidden,
          packedProjection: 0,
          hidden,
          cell,
          output,
          outputStride: hiddenSize,
          steps,
          numOutput: hiddenSize,
          hiddenSize,
          reverse: 0,
          scratch,
        })
      }
    },
  }
}

/** Elementwise work; `flops` counts elements, so that the rate is in thousands of millions of elements a second. */
function elementwise(
  name: string,
  count: number,
  run: (bench: Bench, data: Pointer, output: Pointer) => void,
): KernelCase {
  return {
    name,
    flops: count,
    ofPeak: false,
    prepare(bench) {
      const [data, output] = [bench.random(count), bench.bytes(count * 4)]
      return () => run(bench, data, output)
    },
  }
}

/** Resizing to twice the size by linear interpolation; the rate is as in {@link elementwise}. */
function doubled(name: string, channels: number, size: number): KernelCase {
  const outSize = 2 * size
  return {
    name,
    flops: channels * outSize * outSize,
    ofPeak: false,
    prepare({ kernels, random, bytes, integers }) {
      const first = integers(Int32Array.from({ length: outSize }, (_, i) => Math.min(i >> 1, size - 2)))
      const weight = random(2 * outSize)
      const [input, output] = [random(channels * size * size), bytes(4 * channels * outSize * outSize)]
      const scratch = bytes(kernels.resizeScratchBytes({ outW: outSize }))
      return () =>
        kernels.resize({
          input,
          channels,
          h: size,
          w: size,
          output,
          outH: outSize,
          outW: outSize,
          countH: 2,
          firstH: first,
          weightH: weight,
          countW: 2,
          firstW: first,
          weightW: weight,
          scratch,
        })
    },
  }
}

/** Bilinear sampling of as many points as there are pixels; the rate is as in {@link elementwise}. */
function gridSampled(name: string, channels: number, size: number): KernelCase {
  const points = size * size
  return {
    name,
    flops: channels * points,
    ofPeak: false,
    prepare({ kernels, random, bytes }) {
      const [input, output, grid] = [random(channels * points), bytes(4 * channels * points), random(2 * points)]
      const scratch = bytes(kernels.gridSampleScratchBytes())
      return () =>
        kernels.gridSample({
          sampleType: 1,
          axes: 2,
          input,
          channels,
          d: 1,
          h: size,
          w: size,
          grid,
          axisStride: 1,
          pointStride: 2,
          output,
          n: points,
          paddingMode: 1,
          alignCorner: 0,
          scratch,
        })
    },
  }
}

const mega = 1 << 20

const cases: KernelCase[] = [
  product('1x1 576->256 @56', 256, 3136, 576),
  product('1x1 32->64 @112', 64, 12544, 32),
  product('1x1 256->256 @28', 256, 784, 256),
  product('1x1 512->512 @14', 512, 196, 512),
  product('1x1 1024->1024 @7', 1024, 49, 1024),
  convolution('3x3 64->64 @56', { channels: 64, outputs: 64, size: [56, 56], kernel: [3, 3] }),
  convolution('3x3 128->128 @28', { channels: 128, outputs: 128, size: [28, 28], kernel: [3, 3] }),
  convolution('3x3 256->256 @14', { channels: 256, outputs: 256, size: [14, 14], kernel: [3, 3] }),
  convolution('3x3 512->512 @7', { channels: 512, outputs: 512, size: [7, 7], kernel: [3, 3] }),
  convolution('3x3 stride 2 3->32 @224', { channels: 3, outputs: 32, size: [224, 224], kernel: [3, 3], stride: 2 }),
  convolution('7x7 stride 2 3->64 @224', { channels: 3, outputs: 64, size: [224, 224], kernel: [7, 7], stride: 2 }),
  convolution('1-d k3 dilation 2 512->512 T200', {
    channels: 512,
    outputs: 512,
    size: [1, 200],
    kernel: [1, 3],
    dilation: 2,
  }),
  ...(
    [
      ['depthwise 3x3 128 @56', 128, 56, 3, 1],
      ['depthwise 3x3 512 @14', 512, 14, 3, 1],
      ['depthwise 3x3 stride 2 64 @112', 64, 112, 3, 2],
      ['depthwise 5x5 240 @28', 240, 28, 5, 1],
    ] as const
  ).map(([name, channels, size, kernel, stride]) =>
    convolution(name, { channels, outputs: channels, size: [size, size], kernel: [kernel, kernel], stride }, true),
  ),
  linear('linear 768->3072, 197 rows', 197, 3072, 768),
  linear('matrix-vector 2048->1000', 1, 1000, 2048),
  lstm('lstm 40->256, 160 steps', 160, 40, 256),
  int8Convolution('int8 1x1 256->256 @28', { channels: 256, outputs: 256, size: [28, 28], kernel: [1, 1] }),
  int8Convolution('int8 1x1 512->512 @14', { channels: 512, outputs: 512, size: [14, 14], kernel: [1, 1] }),
  int8Convolution('int8 1x1 32->64 @112', { channels: 32, outputs: 64, size: [112, 112], kernel: [1, 1] }),
  int8Convolution('int8 3x3 64->64 @56', { channels: 64, outputs: 64, size: [56, 56], kernel: [3, 3] }),
  int8Convolution('int8 3x3 512->512 @7', { channels: 512, outputs: 512, size: [7, 7], kernel: [3, 3] }),
  int8Convolution('int8 3x3 stride 2 3->32 @224', {
    channels: 3,
    outputs: 32,
    size: [224, 224],
    kernel: [3, 3],
    stride: 2,
  }),
  int8Linear('int8 linear 768->3072, 197 rows', 197, 3072, 768),
  int8Linear('int8 matrix-vector 2048->1000', 1, 1000, 2048),
  elementwise('exp, 1 M elements', mega, ({ kernels }, data, output) =>
    kernels.unary({ op: 7, input: data, output, n: mega }),
  ),
  elementwise('gelu, 1 M elements', mega, ({ kernels }, data, output) => {
    kernels.activate({ activation: Activation.gelu, input: data, output, n: mega })
  }),
  elementwise('softmax, 1024 rows of 1024', mega, ({ kernels }, data, output) => {
    kernels.softmax({ input: data, output, outer: 1024, length: 1024, inner: 1 })
  }),
  elementwise('layer norm, 1024 rows of 1024', mega, ({ kernels }, data, output) => {
    kernels.layerNorm({ input: data, output, rows: 1024, n: 1024, gamma: 0, beta: 0, eps: 1e-5 })
  }),
  doubled('bilinear x2, 64 @56', 64, 56),
  gridSampled('grid sample, 32 @56', 32, 56),
]

const memoryMegabytes = 64
const rounds = 9
/** Work per round: long enough for the clock of CPU time, short enough that nobody waits. */
const flopsPerRound = 1e8

function createBench(module?: WebAssembly.Module): Bench {
  const memory = new WebAssembly.Memory({ initial: memoryMegabytes * 16, maximum: maxPages })
  let top = firstFreeByte
  const bytes = (count: number) => {
    const pointer = top
    top = Math.ceil((top + count + readSlackBytes) / 64) * 64
    return pointer
  }
  const random = (count: number) => {
    const pointer = bytes(count * 4)
    const values = new Float32Array(memory.buffer, pointer, count)
    for (let i = 0; i < count; i++) values[i] = Math.sin(i * 12.9898 + count)
    return pointer
  }
  const integers = (values: Int32Array) => {
    const pointer = bytes(values.byteLength)
    new Int32Array(memory.buffer, pointer, values.length).set(values)
    return pointer
  }
  return { kernels: createNcnnKernels(memory, module), bytes, random, integers }
}

function cpuMilliseconds(run: () => void): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/** One convolution on image and weights that are in memory, ready to be timed. */
export function convolutionKernel(name: string, window: Window, depthwise: boolean): () => void {
  return convolution(name, window, depthwise).prepare(createBench())
}

/** Times every kernel on one thread, by CPU time, so that other work on the machine disturbs little. */
export async function benchKernels(): Promise<SectionResult> {
  const peak = createPeak()
  const relaxedModule = peak.fused && (await ncnnModule({ shared: false, relaxed: true }))
  const data = cases.map((kernel): KernelTiming => {
    const plain = timeKernel(kernel, peak.plain)
    const relaxed = relaxedModule && kernel.ofPeak ? timeKernel(kernel, peak.fused, relaxedModule) : undefined
    return { name: kernel.name, ofPeak: kernel.ofPeak, plain, relaxed }
  })
  const most = { plain: mostOf(peak.plain), fused: peak.fused && mostOf(peak.fused) }
  const percent = (share: number) => `${Math.round(100 * share)} %`
  const products = data.filter(({ ofPeak }) => ofPeak)
  const limits = `Without loads, the processor multiplies and adds ${most.plain.toFixed(1)} GFLOP/s in vectors of 128 bits${
    most.fused === undefined ? '' : `, fused ${most.fused.toFixed(1)}`
  }; shares are of what it can in the same rounds.`
  const markdown = [
    limits,
    markdownTable(
      ['kernel', 'ms', 'GFLOP/s', 'of the plain peak', 'relaxedSimd, GFLOP/s', 'of the fused peak'],
      products.map(({ name, plain, relaxed }) => [
        name,
        plain.milliseconds.toFixed(3),
        plain.gflops.toFixed(1),
        percent(plain.share),
        relaxed?.gflops.toFixed(1) ?? '',
        relaxed ? percent(relaxed.share) : '',
      ]),
    ),
    markdownTable(
      ['kernel', 'ms', 'thousand millions a second'],
      data
        .filter(({ ofPeak }) => !ofPeak)
        .map(({ name, plain }) => [name, plain.milliseconds.toFixed(3), plain.gflops.toFixed(1)]),
    ),
  ].join('\n\n')
  return { markdown, data: { most, kernels: data } }
}

/** Until then V8 has optimised the kernel. */
const warmUpMilliseconds = 300

/** The fastest of as many rounds as a kernel gets. */
const mostOf = (peak: () => number): number => Math.max(...Array.from({ length: rounds }, peak))

function timeKernel({ flops, prepare }: KernelCase, peak = () => Number.NaN, module?: WebAssembly.Module): Speed {
  const run = prepare(createBench(module))
  const repeats = Math.max(1, Math.round(flopsPerRound / flops))
  const repeat = () => {
    for (let i = 0; i < repeats; i++) run()
  }
  for (let spent = 0; spent < warmUpMilliseconds; ) spent += cpuMilliseconds(repeat)
  const measured = Array.from({ length: rounds }, () => {
    const [before, milliseconds, after] = [peak(), cpuMilliseconds(repeat) / repeats, peak()]
    return { milliseconds, share: flops / milliseconds / 1e6 / ((before + after) / 2) }
  })
  const sorted = (values: readonly number[]) => values.toSorted((a, b) => a - b)
  const times = sorted(measured.map(({ milliseconds }) => milliseconds))
  const shares = sorted(measured.map(({ share }) => share))
  const [fastest = 0, milliseconds = 0, share = 0] = [times[0], times[rounds >> 1], shares[rounds >> 1]]
  return { milliseconds, fastest, gflops: flops / milliseconds / 1e6, share }
}
