// Spreading against its definition: every element, tap by tap, is added to the place under the tap.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { halfDeconvolutionScratchBytes } from '../../src/kernels/ncnn.ts'
import { roundToFloat16 as half } from '../../src/runners/ncnn/engines/wasm/precision/sums.ts'
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

/** Where element `i` goes by tap `k`. */
const place = ({ stride, dilation, before }: Axis, i: number, k: number) => i * stride + k * dilation - before

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
          const weight = weighed ? weights[q * taps + tap] : 1
          for (let row = firstRow; row < firstRow + rowCount; row++) {
            const y = place(height, row % height.length, ky)
            const z = place(depth, Math.floor(row / height.length), kz)
            if (y < 0 || z < 0 || y >= outH || z >= outD) continue
            const from = q * channelStride + tap * tapStride + (row - firstRow) * width.length
            for (let i = 0; i < width.length; i++) {
              const x = place(width, i, kx)
              if (x < 0 || x >= outW) continue
              expected[((q * outD + z) * outH + y) * outW + x] += Math.fround(values[from + i] * weight)
            }
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

/** Halves, some of them so large that sums come to be infinite. */
const halves = (count: number, seed: number): Float32Array =>
  randomFloats(count, seed).map((x) => half(x * (Math.abs(x) > 0.9 ? 2 ** 15 : 1)))

const planes = fc.record({
  channels: fc.integer({ min: 1, max: 3 }),
  height: axis({ length: 5, kernel: 3 }),
  width: axis({ length: 23, kernel: 5 }),
  // 0 for images of each tap; otherwise they are weighed.
  inputs: fc.integer({ min: 0, max: 3 }),
  seed: fc.integer(),
})

/** The parameters of a window over planes. */
const windowOf = (height: Axis, width: Axis) => ({
  h: height.length,
  w: width.length,
  outH: outLength(height),
  outW: outLength(width),
  kernelH: height.kernel,
  kernelW: width.kernel,
  strideH: height.stride,
  strideW: width.stride,
  dilationH: height.dilation,
  dilationW: width.dilation,
  top: height.before,
  left: width.before,
})

const places = ({ length, stride, dilation, before }: Axis, k: number, end: number) =>
  Array.from({ length }, (_, i) => [i, i * stride + k * dilation - before]).filter(([, x]) => x >= 0 && x < end)

test('in half precision each addition is rounded once, and weighed images come from the last tap on', () => {
  const cases = planes.filter(({ height, width }) => outLength(height) >= 1 && outLength(width) >= 1)
  fc.assert(
    fc.property(cases, ({ channels, height, width, inputs, seed }) => {
      const weighed = inputs > 0
      const [outH, outW] = [height, width].map(outLength)
      const taps = height.kernel * width.kernel
      const image = height.length * width.length
      const [channelStride, tapStride] = weighed ? [image, 0] : [taps * image, image]
      const values = halves(channels * channelStride, seed)
      const weights = halves(channels * taps, seed + 1)
      const start = halves(channels * outH * outW, seed + 2)
      const expected = start.slice()
      for (let q = 0; q < channels; q++) {
        for (let turn = 0; turn < taps; turn++) {
          const tap = weighed ? taps - 1 - turn : turn
          const weight = weighed ? weights[q * taps + tap] : 1
          const first = q * channelStride + tap * tapStride
          for (const [row, y] of places(height, Math.floor(tap / width.kernel), outH)) {
            for (const [column, x] of places(width, tap % width.kernel, outW)) {
              const at = (q * outH + y) * outW + x
              expected[at] = half(expected[at] + weight * values[first + row * width.length + column])
            }
          }
        }
      }
      const target = arena.put(start)
      kernels.halfSpread({
        source: arena.put(values),
        channels,
        channelStride,
        tapStride,
        weights: weighed ? arena.put(weights) : 0,
        ...windowOf(height, width),
        target,
        scratch: arena.bytes(kernels.spreadScratchBytes({ outW, kernelW: width.kernel, strideW: width.stride })),
      })
      const actual = arena.read(target, start.length)
      arena.reset()
      expect(firstDifference(actual, expected)).toBeUndefined()
    }),
    { numRuns: 300 },
  )
})

test('deconvolution in half precision adds products through blocks of inputs from the last tap on, each with one rounding', () => {
  const cases = planes.filter(({ height, width }) => outLength(height) >= 1 && outLength(width) >= 1)
  fc.assert(
    fc.property(cases, fc.integer({ min: 1, max: 2 }), ({ channels, height, width, inputs: blocks, seed }, block) => {
      const window = windowOf(height, width)
      const { h, w, outH, outW } = window
      const [taps, inputs] = [height.kernel * width.kernel, blocks * block]
      // Of few bits, so that sums lie halfway between two halves.
      const values = halves(inputs * h * w, seed).map((x) => Math.fround(Math.round(x * 64) / 64))
      const weights = halves(inputs * channels * taps, seed + 1)
      const bias = halves(channels, seed + 2)
      const expected = Float32Array.from(
        { length: channels * outH * outW },
        (_, i) => bias[Math.floor(i / (outH * outW))],
      )
      const target = arena.put(expected)
      for (let q = 0; q < channels; q++) {
        for (let first = 0; first < inputs; first += block) {
          for (let tap = taps - 1; tap >= 0; tap--) {
            for (let p = first; p < first + block; p++) {
              const weight = weights[(p * channels + q) * taps + tap]
              for (const [row, y] of places(height, Math.floor(tap / width.kernel), outH)) {
                for (const [column, x] of places(width, tap % width.kernel, outW)) {
                  const at = (q * outH + y) * outW + x
                  expected[at] = half(expected[at] + weight * values[(p * h + row) * w + column])
                }
              }
            }
          }
        }
      }
      kernels.halfDeconvolution({
        ...window,
        source: arena.put(values),
        inputs,
        block,
        weights: arena.put(weights),
        channels,
        target,
        scratch: arena.bytes(halfDeconvolutionScratchBytes(taps, inputs)),
      })
      const actual = arena.read(target, expected.length)
      arena.reset()
      expect(firstDifference(actual, expected)).toBeUndefined()
    }),
    { numRuns: 300 },
  )
})

test('an infinite weight reaches the outputs of its tap only', () => {
  const [count, kernelW] = [5, 3]
  const target = arena.put(new Float32Array(count))
  kernels.halfDeconvolution({
    source: arena.put(new Float32Array(count).fill(2)),
    inputs: 1,
    block: 1,
    h: 1,
    w: count,
    weights: arena.put([Number.POSITIVE_INFINITY, 1, 1]),
    channels: 1,
    target,
    outH: 1,
    outW: count,
    kernelH: 1,
    kernelW,
    strideH: 1,
    strideW: 1,
    dilationH: 1,
    dilationW: 1,
    top: 0,
    left: 1,
    scratch: arena.bytes(halfDeconvolutionScratchBytes(kernelW, 1)),
  })
  const [, , , , last] = arena.read(target, count)
  arena.reset()
  expect(last).toBe(4)
})

test.each([
  ['from a large bias on', 65504, 10, 4],
  ['of large products', 0, 300, 300],
])('a sum %s that has become infinite remains so', (_, start, value, weight) => {
  const target = arena.put(Float32Array.of(start, -start))
  kernels.halfDeconvolution({
    source: arena.put(Float32Array.of(value, value)),
    inputs: 2,
    block: 1,
    h: 1,
    w: 1,
    weights: arena.put(Float32Array.of(weight, -weight, -weight, weight)),
    channels: 2,
    target,
    outH: 1,
    outW: 1,
    kernelH: 1,
    kernelW: 1,
    strideH: 1,
    strideW: 1,
    dilationH: 1,
    dilationW: 1,
    top: 0,
    left: 0,
    scratch: arena.bytes(halfDeconvolutionScratchBytes(1, 2)),
  })
  const sums = [...arena.read(target, 2)]
  arena.reset()
  expect(sums).toEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
})

test.each([
  ['below', 1 + 2 ** -10, 1023 * 2 ** -15, 1025 * 2 ** -16, 1 + 2 ** -10],
  ['above', 1, 993 * 2 ** -15, 1056 * 2 ** -16, 1 + 2 ** -10],
  ['above, negative', -1, -993 * 2 ** -15, 1056 * 2 ** -16, -1 - 2 ** -10],
])('a sum that lies %s halfway by less than float32 holds goes to the nearest half', (_, start, weight, value, sum) => {
  expect(half(start + weight * value)).toBe(sum)
  const target = arena.put(Float32Array.of(start))
  const one = { channels: 1, channelStride: 1, tapStride: 0, h: 1, w: 1, outH: 1, outW: 1, top: 0, left: 0 }
  const window = { kernelH: 1, kernelW: 1, strideH: 1, strideW: 1, dilationH: 1, dilationW: 1 }
  const scratch = arena.bytes(kernels.spreadScratchBytes({ outW: 1, kernelW: 1, strideW: 1 }))
  const images = { source: arena.put(Float32Array.of(value)), weights: arena.put(Float32Array.of(weight)) }
  kernels.halfSpread({ ...one, ...window, ...images, target, scratch })
  expect(arena.read(target, 1)[0]).toBe(sum)
  arena.reset()
})
