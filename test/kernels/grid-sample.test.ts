// Sampling at the points of a grid, against ncnn's steps written out in float32.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createArena, firstDifference, randomFloats } from './arena.ts'

const arena = createArena()
const { kernels } = arena
const round = Math.fround

const sampleTypes = { linear: 1, nearest: 2, cubic: 3 } as const
const [zeros, border, reflection] = [1, 2, 3]

interface Mode {
  readonly sampleType: number
  readonly paddingMode: number
  readonly alignCorner: boolean
}

/** One element along an axis, undefined outside it, and its weight. */
type Tap = readonly [index: number | undefined, weight: number]

function padded(x: number, length: number, { paddingMode, alignCorner }: Mode): number {
  const clamp = (v: number): number => Math.min(length - 1, Math.max(v, 0))
  const reflect = (v: number, high: number): number => round(high - Math.abs(round(Math.abs(v) - high)))
  if (paddingMode === zeros) return x
  if (paddingMode === border) return clamp(x)
  return alignCorner ? reflect(x, length - 1) : clamp(round(reflect(round(x + 0.5), length) - 0.5))
}

function cubicWeights(t: number): number[] {
  const a = -0.75
  const product = (...factors: number[]): number => factors.reduce((x, y) => round(x * y))
  const far = (x: number): number =>
    round(round(round(product(a, x, x, x) - product(5 * a, x, x)) + product(8 * a, x)) - 4 * a)
  const near = (x: number): number => round(round(product(a + 2, x, x, x) - product(a + 3, x, x)) + 1)
  const [w0, w1, w2] = [far(round(t + 1)), near(t), near(round(1 - t))]
  return [w0, w1, w2, round(round(round(1 - w0) - w1) - w2)]
}

function tapsAt(coordinate: number, length: number, mode: Mode): Tap[] {
  const inside = (i: number): number | undefined => (i >= 0 && i < length ? i : undefined)
  const shifted = round(coordinate + 1)
  const position = mode.alignCorner
    ? round((shifted / 2) * (length - 1))
    : round(round(round(shifted * length) - 1) / 2)
  if (mode.sampleType === sampleTypes.cubic) {
    const below = Math.floor(position)
    return cubicWeights(round(position - below)).map((weight, k) => [
      inside(Math.trunc(padded(below + k - 1, length, mode))),
      weight,
    ])
  }
  const x = padded(position, length, mode)
  if (mode.sampleType === sampleTypes.nearest) return [[inside(Math.floor(round(x + 0.5))), 1]]
  const below = Math.floor(x)
  const part = round(x - below)
  return [
    [inside(below), round(1 - part)],
    [inside(below + 1), part],
  ]
}

const weighed = (taps: readonly Tap[], value: (index: number | undefined) => number): number =>
  taps.map(([index, weight]) => round(value(index) * weight)).reduce((x, y) => round(x + y))

/** Coordinates of points inside, at the edges of and beyond the image, and some that are no numbers. */
const coordinate = fc.oneof(
  { weight: 6, arbitrary: fc.float({ min: -1.5, max: 1.5, noDefaultInfinity: true, noNaN: true }) },
  { weight: 2, arbitrary: fc.constantFrom(-1, 0, 1, -5, 5, 1e10) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY) },
)

const cases = (axes: number) =>
  fc.record({
    paddingMode: fc.constantFrom(zeros, border, reflection),
    alignCorner: fc.boolean(),
    channels: fc.integer({ min: 1, max: 6 }),
    lengths: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: axes, maxLength: axes }),
    points: fc.array(fc.array(coordinate, { minLength: axes, maxLength: axes }), { minLength: 1, maxLength: 21 }),
    interleaved: fc.boolean(),
    holes: fc.boolean(),
    seed: fc.integer(),
  })

describe.each(Object.entries(sampleTypes))('%s', (name, sampleType) => {
  test.each(name === 'cubic' ? [2] : [2, 3])('%i axes', (axes) => {
    fc.assert(
      fc.property(cases(axes), ({ channels, lengths, points, interleaved, holes, seed, ...padding }) => {
        const mode = { sampleType, ...padding }
        const [w, h, d = 1] = lengths
        const n = points.length
        const values = randomFloats(channels * d * h * w, seed)
        if (holes) for (let i = 3; i < values.length; i += 11) values[i] = [Number.NaN, Number.POSITIVE_INFINITY][i & 1]
        const grid = interleaved ? points.flat() : lengths.flatMap((_, axis) => points.map((point) => point[axis]))
        const [axisStride, pointStride] = interleaved ? [1, axes] : [n, 1]
        const output = arena.floats(channels * n)
        kernels.gridSample({
          sampleType,
          axes,
          input: arena.put(values),
          channels,
          d,
          h,
          w,
          grid: arena.put(grid),
          axisStride,
          pointStride,
          output,
          n,
          paddingMode: mode.paddingMode,
          alignCorner: mode.alignCorner ? 1 : 0,
          scratch: arena.bytes(kernels.gridSampleScratchBytes()),
        })
        const actual = arena.read(output, channels * n)
        arena.reset()
        const expected = new Float32Array(channels * n)
        for (let q = 0; q < channels; q++) {
          for (const [i, point] of points.entries()) {
            const [alongX, alongY, alongZ = [[0, 1]] as Tap[]] = lengths.map((length, axis) =>
              tapsAt(round(point[axis]), length, mode),
            )
            const value = (z?: number, y?: number, x?: number): number =>
              z === undefined || y === undefined || x === undefined ? 0 : values[((q * d + z) * h + y) * w + x]
            expected[q * n + i] = weighed(alongZ, (z) => weighed(alongY, (y) => weighed(alongX, (x) => value(z, y, x))))
          }
        }
        // A sum of zeros may differ in its sign.
        expect(
          firstDifference(
            actual.map((x) => x + 0),
            expected.map((x) => x + 0),
          ),
        ).toBeUndefined()
      }),
      { numRuns: 300 },
    )
  })
})

test('more points than a block', () => {
  const [channels, h, w, n] = [5, 7, 8, 1003]
  const [values, grid] = [randomFloats(channels * h * w, 1), randomFloats(2 * n, 2)]
  const [input, scratch] = [arena.put(values), arena.bytes(kernels.gridSampleScratchBytes())]
  for (const sampleType of Object.values(sampleTypes)) {
    const [whole, single] = [arena.floats(channels * n), arena.floats(channels)]
    kernels.gridSample({
      sampleType,
      axes: 2,
      input,
      channels,
      d: 1,
      h,
      w,
      grid: arena.put(grid),
      axisStride: 1,
      pointStride: 2,
      output: whole,
      n,
      paddingMode: 1,
      alignCorner: 0,
      scratch,
    })
    for (const i of [0, 63, 64, 255, 256, 511, 777, 1002]) {
      const point = arena.put(grid.subarray(2 * i, 2 * i + 2))
      kernels.gridSample({
        sampleType,
        axes: 2,
        input,
        channels,
        d: 1,
        h,
        w,
        grid: point,
        axisStride: 1,
        pointStride: 2,
        output: single,
        n: 1,
        paddingMode: 1,
        alignCorner: 0,
        scratch,
      })
      const column = Float32Array.from({ length: channels }, (_, q) => arena.read(whole + 4 * (q * n + i), 1)[0])
      expect(firstDifference(column, arena.read(single, channels)), `point ${i}`).toBeUndefined()
    }
  }
  arena.reset()
})
