// Spreading against its definition: every element, tap by tap, is added to the place under the tap.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createArena, firstDifference, randomFloats } from './arena.ts'

const arena = createArena()
const { kernels } = arena

const largest = 2 ** 31 - 1

const axis = (most: { length: number; kernel: number }) =>
  fc
    .record({
      length: fc.integer({ min: 1, max: most.length }),
      kernel: fc.integer({ min: 1, max: most.kernel }),
      stride: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 4 }) }, fc.constant(largest)),
      dilation: fc.integer({ min: 1, max: 3 }),
      before: fc.integer({ min: 0, max: 5 }),
      after: fc.integer({ min: -2, max: 5 }),
    })
    .map((along) => (along.stride === largest ? { ...along, length: 1 } : along))
type Axis = typeof axis extends (most: never) => fc.Arbitrary<infer A> ? A : never

const outLength = ({ length, kernel, stride, dilation, before, after }: Axis): number =>
  (length - 1) * stride + dilation * (kernel - 1) + 1 - before - after

const cases = fc
  .record({
    channels: fc.integer({ min: 1, max: 3 }),
    depth: axis({ length: 3, kernel: 2 }),
    height: axis({ length: 5, kernel: 3 }),
    width: axis({ length: 23, kernel: 5 }),
    weighed: fc.boolean(),
    firstRow: fc.integer({ min: 0, max: 3 }),
    seed: fc.integer(),
  })
  .filter(({ depth, height, width }) => [depth, height, width].every((along) => outLength(along) >= 1))

test('places, strides, dilations, cuts', () => {
  fc.assert(
    fc.property(cases, ({ channels, depth, height, width, weighed, firstRow: wantedRow, seed }) => {
      const [outD, outH, outW] = [depth, height, width].map(outLength)
      const taps = depth.kernel * height.kernel * width.kernel
      const firstRow = Math.min(wantedRow, depth.length * height.length - 1)
      const rowCount = depth.length * height.length - firstRow
      const image = rowCount * width.length
      // With weights all taps read one image.
      const [channelStride, tapStride] = weighed ? [image, 0] : [taps * image, image]
      const [values, weights] = [randomFloats(channels * channelStride, seed), randomFloats(channels * taps, seed + 1)]
      const start = randomFloats(channels * outD * outH * outW, seed + 2)
      const expected = start.slice()
      for (let q = 0; q < channels; q++) {
        for (let tap = 0; tap < taps; tap++) {
          const kx = tap % width.kernel
          const ky = Math.floor(tap / width.kernel) % height.kernel
          const kz = Math.floor(tap / width.kernel / height.kernel)
          for (let at = 0; at < image; at++) {
            const row = firstRow + Math.floor(at / width.length)
            const place = ({ stride, dilation, before }: Axis, i: number, k: number) =>
              i * stride + k * dilation - before
            const x = place(width, at % width.length, kx)
            const y = place(height, row % height.length, ky)
            const z = place(depth, Math.floor(row / height.length), kz)
            if (x < 0 || y < 0 || z < 0 || x >= outW || y >= outH || z >= outD) continue
            const value = values[q * channelStride + tap * tapStride + at]
            expected[((q * outD + z) * outH + y) * outW + x] += weighed
              ? Math.fround(value * weights[q * taps + tap])
              : value
          }
        }
      }
      const target = arena.put(start)
      kernels.spread({
        source: arena.put(values),
        channels,
        channelStride,
        tapStride,
        weights: weighed ? arena.put(weights) : 0,
        d: depth.length,
        h: height.length,
        w: width.length,
        firstRow,
        rowCount,
        target,
        outD,
        outH,
        outW,
        kernelD: depth.kernel,
        kernelH: height.kernel,
        kernelW: width.kernel,
        strideD: depth.stride,
        strideH: height.stride,
        strideW: width.stride,
        dilationD: depth.dilation,
        dilationH: height.dilation,
        dilationW: width.dilation,
        front: depth.before,
        top: height.before,
        left: width.before,
        scratch: arena.bytes(kernels.spreadScratchBytes({ outW, kernelW: width.kernel, strideW: width.stride })),
      })
      const actual = arena.read(target, start.length)
      arena.reset()
      expect(firstDifference(actual, expected)).toBeUndefined()
    }),
    { numRuns: 300 },
  )
})
