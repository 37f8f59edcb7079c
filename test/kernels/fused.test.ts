// The kernels with relaxed SIMD. Tiles of their own for products with fused multiply-adds take these in the same order as any other.
import { setFlagsFromString } from 'node:v8'
import { describe, expect, test } from 'vitest'
import {
  Activation,
  createNcnnKernels,
  gemmScratchBytes,
  Initial,
  maxPages,
  ncnnModule,
  packedLeftBytes,
  WeightType,
} from '../../src/kernels/ncnn.ts'
import { createArena, firstDifference, randomBytes, randomFloats } from './arena.ts'

// In Node 20 it is behind a switch, which can still be thrown before the module is compiled.
if (process.version.startsWith('v20.')) setFlagsFromString('--experimental-wasm-relaxed-simd')
const module = await ncnnModule({ shared: false, relaxed: true })

describe('with relaxed SIMD', () => {
  const memory = new WebAssembly.Memory({ initial: 256, maximum: maxPages })
  const arena = createArena(16, memory, createNcnnKernels(memory, module))

  test.each([
    { initial: Initial.zero, m: 30, k: 40, activation: Activation.none },
    { initial: Initial.rowBias, m: 30, k: 600, activation: Activation.relu },
    { initial: Initial.rowBias, m: 175, k: 141, activation: Activation.clip },
    { initial: Initial.rowBias, m: 175, k: 41, activation: Activation.clip },
    { initial: Initial.columnBias, m: 24, k: 7, activation: Activation.none },
    { initial: Initial.columnBias, m: 58, k: 66, activation: Activation.none },
    { initial: Initial.zero, m: 16, k: 67, activation: Activation.relu },
    { initial: Initial.accumulate, m: 29, k: 1, activation: Activation.none },
    { initial: Initial.accumulate, m: 29, k: 64, activation: Activation.none },
  ])('a product of $m rows has the bits of its columns, computed one by one: $initial', (problem) => {
    const { initial, m, k, activation } = problem
    const n = 20
    const [a, b, bias, before] = [m * k, k * n, m + n, m * n].map((count, i) => randomFloats(count, i))
    const multiply = (first: number, columns: number) => {
      const packed = arena.bytes(packedLeftBytes(m, k))
      const [pa, c] = [arena.put(a), arena.put(before)]
      const at = (pointer: number, element: number) => pointer + 4 * element
      arena.kernels.packLeft({ source: pa, weightType: WeightType.float32, rowStride: k, depthStride: 1, m, k, packed })
      arena.kernels.gemmLeft({
        packedA: packed,
        b: at(arena.put(b), first),
        depthStride: n,
        columnStride: 1,
        c: at(c, first),
        ldc: n,
        m,
        n: columns,
        k,
        initial,
        bias: at(arena.put(bias), initial === Initial.columnBias ? first : 0),
        activation,
        activationA: -0.5,
        activationB: 0.25,
        scratch: arena.bytes(gemmScratchBytes),
      })
      const result = arena.read(c, m * n)
      arena.reset()
      return result
    }
    const whole = multiply(0, n)
    const single = before.slice()
    for (let j = 0; j < n; j++) {
      const one = multiply(j, 1)
      for (let i = 0; i < m; i++) single[i * n + j] = one[i * n + j]
    }
    expect(firstDifference(whole, single)).toBeUndefined()
  })

  test.each([
    { inch: 8, outch: 5, side: 9, kernel: 1, stride: 1 },
    { inch: 9, outch: 7, side: 8, kernel: 3, stride: 1 },
    { inch: 10, outch: 70, side: 17, kernel: 3, stride: 2 },
    { inch: 11, outch: 4, side: 7, kernel: 2, stride: 1 },
    { inch: 67, outch: 66, side: 7, kernel: 5, stride: 1 },
    { inch: 1030, outch: 6, side: 5, kernel: 1, stride: 1 },
    { inch: 12, outch: 4, side: 12, kernel: 9, stride: 1 },
    { inch: 3, outch: 6, side: 9, kernel: 3, stride: 2 },
  ])('an int8 convolution has the sums of the plain kernels, with inputs of seven bits and of eight: %o', (shape) => {
    const { inch, outch, side, kernel, stride } = shape
    const taps = kernel * kernel
    const out = Math.floor((side - kernel) / stride) + 1
    const count = outch * out * out
    const filters = randomBytes(outch * inch * taps, 1).map((weight, i) => (i % 50 === 0 ? -128 : weight))
    const signed = randomBytes(inch * side * side, 2)
    for (const input of [signed, signed.map((x) => x & 127), signed.map((_, i) => (i % 3 ? 127 : 126))]) {
      const [expected, actual] = [createArena(4), arena].map((place) => {
        const packed = place.bytes(place.kernels.packedInt8FilterBytes({ outch, inch, taps }))
        place.kernels.packInt8Filters({ source: place.putBytes(filters), outch, inch, taps, packed })
        const sums = place.floats(count)
        place.kernels.int8Convolution({
          input: place.putBytes(input),
          inch,
          h: side,
          w: side,
          packedFilters: packed,
          sums,
          outch,
          outH: out,
          outW: out,
          kernelH: kernel,
          kernelW: kernel,
          strideH: stride,
          strideW: stride,
          dilationH: 1,
          dilationW: 1,
          scales: place.put(new Float32Array(outch).fill(1)),
          outputScale: 0,
          output: sums,
          scratch: place.bytes(gemmScratchBytes),
        })
        const read = place.read(sums, count)
        place.reset()
        return read
      })
      expect(firstDifference(actual, expected)).toBeUndefined()
    }
  })

  test.each([Activation.none, Activation.relu, Activation.leakyRelu])(
    'integers are those of the plain kernels, whatever the processor makes of numbers that have none: activation %i',
    (activation) => {
      const plain = createArena(1)
      const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3e9, -3e9, 1e30, -0, 126.5, -127.5]
      const values = [...odd, ...randomFloats(60, 1).map((x) => x * 200)]
      const n = values.length
      const [bytes, otherBytes] = [plain, arena].map((place) => {
        const [quantized, finished] = [place.bytes(n), place.bytes(n)]
        const source = place.put(values)
        place.kernels.quantizeToBytes({ source, scale: 1, destination: quantized, n })
        const scales = place.put([1])
        const parameters = { activation, activationA: 0.5, outputScale: 1 }
        place.kernels.int8Finish({ sums: source, channels: 1, n, scales, ...parameters, output: finished })
        const read = [quantized, finished].map((pointer) => [...place.readBytes(pointer, n)])
        place.reset()
        return read
      })
      expect(otherBytes).toEqual(bytes)
    },
  )
})
