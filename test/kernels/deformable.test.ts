// What the taps of a deformable convolution read, against ncnn's steps written out in float32.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createArena, firstDifference, randomFloats } from './arena.ts'

const arena = createArena()
const { kernels } = arena
const round = Math.fround

const axis = fc
  .record({
    length: fc.integer({ min: 1, max: 9 }),
    kernel: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 3 }),
    dilation: fc.integer({ min: 1, max: 2 }),
    before: fc.integer({ min: 0, max: 3 }),
    after: fc.integer({ min: 0, max: 20 }),
  })
  .map((along) => {
    const extent = along.dilation * (along.kernel - 1) + 1
    const padded = along.before + along.length + along.after
    return { ...along, out: Math.floor((padded - extent) / along.stride) + 1 }
  })
  .filter(({ out }) => out >= 1)

const cases = fc.record({
  channels: fc.integer({ min: 1, max: 6 }),
  height: axis,
  width: axis,
  masked: fc.boolean(),
  /** Offsets are up to so many pixels. */
  reach: fc.constantFrom(0, 1, 3, 1e6),
  seed: fc.integer(),
})

test('places, offsets, masks', () => {
  fc.assert(
    fc.property(cases, ({ channels, height, width, masked, reach, seed }) => {
      const [h, w, outH, outW] = [height.length, width.length, height.out, width.out]
      const [taps, plane] = [height.kernel * width.kernel, outH * outW]
      const values = randomFloats(channels * h * w, seed)
      const offsets = randomFloats(2 * taps * plane, seed + 1).map((x, i) => (i % 29 === 7 ? Number.NaN : x * reach))
      const masks = masked ? randomFloats(taps * plane, seed + 2) : new Float32Array(taps * plane).fill(1)
      const columns = arena.floats(channels * taps * plane)
      kernels.deformedColumns({
        input: arena.put(values),
        channels,
        h,
        w,
        offset: arena.put(offsets),
        mask: masked ? arena.put(masks) : 0,
        columns,
        outH,
        outW,
        kernelH: height.kernel,
        kernelW: width.kernel,
        strideH: height.stride,
        strideW: width.stride,
        dilationH: height.dilation,
        dilationW: width.dilation,
        padTop: height.before,
        padLeft: width.before,
        scratch: arena.bytes(kernels.bilinearScratchBytes()),
      })
      const actual = arena.read(columns, channels * taps * plane)
      arena.reset()
      const expected = new Float32Array(channels * taps * plane)
      for (let i = 0; i < expected.length; i++) {
        const [q, tap, at] = [Math.floor(i / plane / taps), Math.floor(i / plane) % taps, i % plane]
        const place = (along: typeof height, o: number, k: number, offset: number): number =>
          round(o * along.stride - along.before + k * along.dilation + offset)
        const y = place(height, Math.floor(at / outW), Math.floor(tap / width.kernel), offsets[2 * tap * plane + at])
        const x = place(width, at % outW, tap % width.kernel, offsets[(2 * tap + 1) * plane + at])
        let sum = 0
        if (y > -1 && x > -1 && y < h && x < w) {
          const [top, left] = [Math.floor(y), Math.floor(x)]
          const [down, right] = [round(y - top), round(x - left)]
          const pixel = (row: number, column: number, ...weight: [number, number]): number => {
            const inside = row >= 0 && row < h && column >= 0 && column < w
            return inside ? round(values[(q * h + row) * w + column] * round(weight[0] * weight[1])) : 0
          }
          sum = [
            pixel(top, left, round(1 - down), round(1 - right)),
            pixel(top, left + 1, round(1 - down), right),
            pixel(top + 1, left, down, round(1 - right)),
            pixel(top + 1, left + 1, down, right),
          ].reduce((a, b) => round(a + b))
        }
        expected[i] = round(sum * masks[tap * plane + at])
      }
      // A sum of zeros may differ in its sign.
      expect(
        firstDifference(
          actual.map((v) => v + 0),
          expected.map((v) => v + 0),
        ),
      ).toBeUndefined()
    }),
    { numRuns: 300 },
  )
})

test('more positions than a block', () => {
  const [channels, size] = [3, 33]
  const values = arena.put(randomFloats(channels * size * size, 1))
  const offsets = arena.put(new Float32Array(18 * size * size))
  const columns = arena.floats(channels * 9 * size * size)
  const scratch = arena.bytes(kernels.bilinearScratchBytes())
  kernels.deformedColumns({
    input: values,
    channels,
    h: size,
    w: size,
    offset: offsets,
    mask: 0,
    columns,
    outH: size,
    outW: size,
    kernelH: 3,
    kernelW: 3,
    strideH: 1,
    strideW: 1,
    dilationH: 1,
    dilationW: 1,
    padTop: 1,
    padLeft: 1,
    scratch,
  })
  const centre = (q: number): number => columns + 4 * (q * 9 + 4) * size * size
  for (let q = 0; q < channels; q++) {
    const plane = arena.read(values + 4 * q * size * size, size * size)
    expect(firstDifference(arena.read(centre(q), size * size), plane)).toBeUndefined()
  }
  arena.reset()
})
