// The kernels with relaxed SIMD. Tiles of their own for products with fused multiply-adds take these in the same order as any other.
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
import { createArena, firstDifference, randomFloats } from './arena.ts'

const module = await ncnnModule({ shared: false, relaxed: true }).catch(() => undefined)

// a Node 20 without its flag has none
describe.skipIf(module === undefined)('with relaxed SIMD', () => {
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
