// What kernels read behind an array: no more than the arena leaves there, or a run stops at the end of the memory.
import fc from 'fast-check'
import { test } from 'vitest'
import {
  createNcnnKernels,
  firstFreeByte,
  type Pointer,
  packedLeftBytes,
  readSlackBytes,
} from '../../src/kernels/ncnn.ts'
import { runs } from '../trials.ts'

const pages = 64
const memoryEnd = pages * 65_536
const kernels = createNcnnKernels(new WebAssembly.Memory({ initial: pages, maximum: pages }))
const scratch = firstFreeByte

/** Places arrays of so many bytes behind each other, the one at `last` with no more room behind it than the arena leaves at least. */
function placeAtEnd(sizes: readonly number[], last: number): Pointer[] {
  const pointers: Pointer[] = []
  let at = memoryEnd
  for (const index of [last, ...sizes.keys()]) {
    if (pointers[index] !== undefined) continue
    at -= sizes[index] + readSlackBytes
    pointers[index] = at
  }
  return pointers
}

const window = fc.record({
  channels: fc.constantFrom(1, 2, 3, 8, 9, 20),
  outputs: fc.integer({ min: 1, max: 21 }),
  h: fc.integer({ min: 1, max: 30 }),
  w: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 130 })),
  kernelH: fc.constantFrom(1, 2, 3, 3, 5, 7),
  kernelW: fc.constantFrom(1, 3, 3, 5, 7),
  stride: fc.constantFrom(1, 1, 2, 3),
  dilation: fc.constantFrom(1, 1, 2),
  padding: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 16 })),
  last: fc.integer({ min: 0, max: 2 }),
})

test('convolutions end where the memory does', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(window, ({ channels, outputs, h, w, kernelH, kernelW, stride, dilation, padding, last }) => {
      const length = (size: number, kernel: number) =>
        Math.floor((size + 2 * padding - (kernel - 1) * dilation - 1) / stride) + 1
      const [outH, outW] = [length(h, kernelH), length(w, kernelW)]
      fc.pre(outH > 0 && outW > 0)
      const [strides, dilations] = [
        { strideH: stride, strideW: stride },
        { dilationH: dilation, dilationW: dilation },
      ]
      const padded = { padTop: padding, padLeft: padding, padValue: 0 }
      const geometry = { h, w, outH, outW, kernelH, kernelW, ...strides, ...dilations, ...padded, scratch }
      const taps = channels * kernelH * kernelW
      const [input, weights, output] = placeAtEnd([4 * channels * h * w, 4 * taps, 4 * channels * outH * outW], last)
      kernels.depthwise({ input, channels, weights, output, ...geometry })
      const sizes = [4 * channels * h * w, packedLeftBytes(outputs, taps), 4 * outputs * outH * outW]
      const [image, packedWeights, result] = placeAtEnd(sizes, last)
      kernels.convolution({ input: image, inch: channels, packedWeights, output: result, outch: outputs, ...geometry })
    }),
    runs(1000),
  )
})

test('products end where the memory does', { timeout: 60_000 }, () => {
  const size = fc.integer({ min: 1, max: 90 })
  const depth = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 700 }))
  fc.assert(
    fc.property(size, size, depth, fc.integer({ min: 0, max: 2 }), (m, n, k, last) => {
      const [packedA, b, c] = placeAtEnd([packedLeftBytes(m, k), 4 * k * n, 4 * m * n], last)
      kernels.gemmLeft({ packedA, b, depthStride: n, columnStride: 1, c, ldc: n, m, n, k, scratch })
    }),
    runs(1000),
  )
})
