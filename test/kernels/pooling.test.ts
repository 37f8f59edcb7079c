// Pooling against ncnn's rules written out: what padding counts, where a NaN survives.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PoolType } from '../../src/kernels/ncnn.ts'
import { runs } from '../trials.ts'
import { createArena, firstDifference, randomFloats } from './arena.ts'

const arena = createArena()
const { kernels } = arena
const lowest = -3.4028234663852886e38

const anyGeometry = fc
  .record({
    channels: fc.integer({ min: 1, max: 3 }),
    h: fc.integer({ min: 1, max: 12 }),
    w: fc.integer({ min: 1, max: 30 }),
    kernelH: fc.integer({ min: 1, max: 4 }),
    kernelW: fc.integer({ min: 1, max: 5 }),
    strideH: fc.integer({ min: 1, max: 3 }),
    strideW: fc.integer({ min: 1, max: 4 }),
    padTop: fc.integer({ min: 0, max: 3 }),
    padLeft: fc.integer({ min: 0, max: 4 }),
    padBottom: fc.integer({ min: 0, max: 3 }),
    padRight: fc.integer({ min: 0, max: 4 }),
    seed: fc.integer(),
  })
  .map((g) => ({
    ...g,
    outH: Math.floor((g.h + g.padTop + g.padBottom - g.kernelH) / g.strideH) + 1,
    outW: Math.floor((g.w + g.padLeft + g.padRight - g.kernelW) / g.strideW) + 1,
  }))
  .filter((g) => g.outH >= 1 && g.outW >= 1)

/** Windows of 3x3 with stride 2 from the first input on, whose maxima have a loop of their own where outputs suffice. */
const threeByThree = fc
  .record({
    channels: fc.integer({ min: 1, max: 3 }),
    h: fc.integer({ min: 3, max: 12 }),
    w: fc.integer({ min: 3, max: 30 }),
    padBottom: fc.integer({ min: 0, max: 1 }),
    padRight: fc.integer({ min: 0, max: 2 }),
    seed: fc.integer(),
  })
  .map((g) => ({
    ...g,
    kernelH: 3,
    kernelW: 3,
    strideH: 2,
    strideW: 2,
    padTop: 0,
    padLeft: 0,
    outH: Math.floor((g.h + g.padBottom - 3) / 2) + 1,
    outW: Math.floor((g.w + g.padRight - 3) / 2) + 1,
  }))

const geometry = fc.oneof(anyGeometry, threeByThree)

test.each([
  ['maximum', PoolType.max, 0],
  ['average over the input', PoolType.average, 0],
  ['average over the window', PoolType.average, 1],
] as const)('%s', (_, type, countIncludePad) => {
  fc.assert(
    fc.property(geometry, (g) => {
      const zero = (i: number) => (i % 3 ? 0 : -0)
      const values = randomFloats(g.channels * g.h * g.w, g.seed).map((x, i) => {
        return i % 37 === 5 ? Number.NaN : x > 0 && i % 2 ? zero(i) : x
      })
      const output = arena.floats(g.channels * g.outH * g.outW)
      kernels.pool({
        type,
        input: arena.put(values),
        channels: g.channels,
        h: g.h,
        w: g.w,
        output,
        outH: g.outH,
        outW: g.outW,
        kernelH: g.kernelH,
        kernelW: g.kernelW,
        strideH: g.strideH,
        strideW: g.strideW,
        padTop: g.padTop,
        padLeft: g.padLeft,
        countIncludePad,
      })
      const actual = arena.read(output, g.channels * g.outH * g.outW)
      arena.reset()
      const expected: number[] = []
      for (let q = 0; q < g.channels; q++) {
        for (let oy = 0; oy < g.outH; oy++) {
          for (let ox = 0; ox < g.outW; ox++) {
            let best: number | undefined
            let sum = 0
            let inside = 0
            for (let ky = 0; ky < g.kernelH; ky++) {
              for (let kx = 0; kx < g.kernelW; kx++) {
                const y = oy * g.strideH - g.padTop + ky
                const x = ox * g.strideW - g.padLeft + kx
                const isInside = y >= 0 && y < g.h && x >= 0 && x < g.w
                const value = isInside ? (values[(q * g.h + y) * g.w + x] ?? 0) : lowest
                best ??= value
                if (best < value) best = value
                if (!isInside) continue
                sum = Math.fround(sum + value)
                inside++
              }
            }
            const area = countIncludePad ? g.kernelH * g.kernelW : inside
            expected.push(type === PoolType.max ? (best ?? lowest) : Math.fround(sum / area))
          }
        }
      }
      expect(firstDifference(actual, Float32Array.from(expected))).toBeUndefined()
    }),
    runs(100),
  )
})

test.each(Object.entries(PoolType))('adaptive %s', (_, type) => {
  const size = fc.integer({ min: 1, max: 12 })
  fc.assert(
    fc.property(size, size, size, size, (h, w, outH, outW) => {
      const values = randomFloats(2 * h * w, 3)
      const output = arena.floats(2 * outH * outW)
      kernels.adaptivePool({ type, input: arena.put(values), channels: 2, h, w, output, outH, outW })
      const actual = arena.read(output, 2 * outH * outW)
      arena.reset()
      const expected: number[] = []
      for (let q = 0; q < 2; q++) {
        for (let i = 0; i < outH; i++) {
          for (let j = 0; j < outW; j++) {
            const [y0, y1] = [Math.floor((i * h) / outH), Math.ceil(((i + 1) * h) / outH)]
            const [x0, x1] = [Math.floor((j * w) / outW), Math.ceil(((j + 1) * w) / outW)]
            let best = lowest
            let sum = 0
            for (let y = y0; y < y1; y++) {
              for (let x = x0; x < x1; x++) {
                const value = values[(q * h + y) * w + x] ?? 0
                best = Math.max(best, value)
                sum = Math.fround(sum + value)
              }
            }
            expected.push(type === PoolType.max ? best : Math.fround(Math.fround(sum / (y1 - y0)) / (x1 - x0)))
          }
        }
      }
      expect(firstDifference(actual, Float32Array.from(expected))).toBeUndefined()
    }),
    runs(100),
  )
})

test('averages of whole channels are sums in order, however many channels there are', () => {
  const [channels, h, w] = [7, 5, 9]
  const values = randomFloats(channels * h * w, 3)
  const output = arena.floats(channels)
  kernels.adaptivePool({ type: PoolType.average, input: arena.put(values), channels, h, w, output, outH: 1, outW: 1 })
  const expected = Array.from({ length: channels }, (_, q) => {
    const sum = values.subarray(q * h * w, (q + 1) * h * w).reduce((total, x) => Math.fround(total + x), 0)
    return Math.fround(Math.fround(sum / h) / w)
  })
  expect(Array.from(arena.read(output, channels))).toEqual(expected)
  arena.reset()
})
