// Winograd's algorithm against the convolution's definition in float64: not the same bits as the direct sum, but close.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Activation, packedLeftBytes, WeightType, type WinogradSize, winogradPlaces } from '../../src/kernels/ncnn.ts'
import { expectSame } from '../in-loops.ts'
import { createArena, firstDifference, randomFloats } from './arena.ts'

const arena = createArena()
const { kernels } = arena

interface Example {
  readonly size: WinogradSize
  readonly inch: number
  readonly outch: number
  readonly h: number
  readonly w: number
  readonly padTop: number
  readonly padBottom: number
  readonly padLeft: number
  readonly padRight: number
  readonly padValue: number
  readonly relu: boolean
  readonly skew: number
}

/** `activation` instead of a ReLU; `rowByRow` for a call for each row of tiles, from the last to the first. */
interface Variation {
  readonly activation?: number
  readonly rowByRow?: boolean
}

function run(
  e: Example,
  input: Float32Array,
  filters: Float32Array,
  bias: Float32Array,
  outH: number,
  outW: number,
  { activation = e.relu ? Activation.relu : Activation.none, rowByRow = false }: Variation = {},
) {
  arena.reset(e.skew)
  const { size, inch, outch } = e
  const places = winogradPlaces(size)
  const transformed = arena.floats(places * outch * inch)
  kernels.winogradFilters({ size, filters: arena.put(filters), count: outch * inch, transformed })
  const bytes = packedLeftBytes(outch, inch)
  const packed = arena.bytes(places * bytes)
  for (let place = 0; place < places; place++) {
    const source = transformed + 4 * place * outch * inch
    kernels.packLeft({
      source,
      weightType: WeightType.float32,
      rowStride: inch,
      depthStride: 1,
      m: outch,
      k: inch,
      packed: packed + place * bytes,
    })
  }
  const output = arena.floats(outch * outH * outW)
  const call = {
    size,
    input: arena.put(input),
    inch,
    h: e.h,
    w: e.w,
    packedFilters: packed,
    bias: arena.put(bias),
    output,
    outch,
    outH,
    outW,
    padTop: e.padTop,
    padLeft: e.padLeft,
    padValue: e.padValue,
    activation,
    activationA: 0.25,
    activationB: 0,
    scratch: arena.bytes(kernels.winogradScratchBytes({ size, inch, outch, outH, outW })),
  }
  if (rowByRow) {
    for (let firstRow = Math.ceil(outH / size) - 1; firstRow >= 0; firstRow--) {
      kernels.winogradRows({ ...call, firstRow, rowCount: 1 })
    }
  } else kernels.winogradConvolution(call)
  return arena.read(output, outch * outH * outW)
}

/** Each output's exact value, and the sum of its products' magnitudes: what rounding errors are in proportion to. */
function byDefinition(
  { inch, outch, h, w, padTop, padLeft, padValue, relu }: Example,
  input: Float32Array,
  filters: Float32Array,
  bias: Float32Array,
  outH: number,
  outW: number,
) {
  const values: number[] = []
  const magnitudes: number[] = []
  for (let p = 0; p < outch; p++) {
    for (let y = 0; y < outH; y++) {
      for (let x = 0; x < outW; x++) {
        let sum = bias[p]
        let magnitude = Math.abs(sum)
        let tap = p * inch * 9
        for (let q = 0; q < inch; q++) {
          for (let iy = y - padTop; iy < y - padTop + 3; iy++) {
            for (let ix = x - padLeft; ix < x - padLeft + 3; ix++) {
              const inside = iy >= 0 && iy < h && ix >= 0 && ix < w
              const product = filters[tap++] * (inside ? input[(q * h + iy) * w + ix] : padValue)
              sum += product
              magnitude += Math.abs(product)
            }
          }
        }
        values.push(relu ? Math.max(sum, 0) : sum)
        magnitudes.push(magnitude)
      }
    }
  }
  return { values, magnitudes }
}

/** The largest error of an output, in units of 2^-24 of the sum of its products' magnitudes and of those around it. */
function largestError(e: Example): number {
  const [outH, outW] = [e.h + e.padTop + e.padBottom - 2, e.w + e.padLeft + e.padRight - 2]
  const input = randomFloats(e.inch * e.h * e.w, 1)
  const filters = randomFloats(e.outch * e.inch * 9, 2)
  const bias = randomFloats(e.outch, 3)
  const actual = run(e, input, filters, bias, outH, outW)
  const { values, magnitudes } = byDefinition(e, input, filters, bias, outH, outW)
  const scale = Math.max(...magnitudes) * 2 ** -24
  return Math.max(...values.map((value, i) => Math.abs(actual[i] - value) / scale))
}

const padding = fc.integer({ min: 0, max: 3 })
const examples: fc.Arbitrary<Example> = fc.record({
  size: fc.constantFrom(2, 4),
  inch: fc.integer({ min: 1, max: 9 }),
  outch: fc.integer({ min: 1, max: 9 }),
  h: fc.integer({ min: 3, max: 21 }),
  w: fc.integer({ min: 3, max: 37 }),
  padTop: padding,
  padBottom: padding,
  padLeft: padding,
  padRight: padding,
  padValue: fc.constantFrom(0, 0.5),
  relu: fc.boolean(),
  skew: fc.constantFrom(0, 4, 12),
})

describe('winogradConvolution', () => {
  test('is close to the definition for all sizes, paddings and alignments', () => {
    fc.assert(
      fc.property(examples, (example) => {
        expect(largestError(example)).toBeLessThan(100)
      }),
      { numRuns: 60 },
    )
    arena.reset()
  })

  const common = { padTop: 1, padBottom: 1, padLeft: 1, padRight: 1, padValue: 0, relu: false, skew: 0 }

  test.each([
    [2, 5],
    [4, 20],
  ] as const)('with tiles of %i and many channels, the error stays below %i units of float32', (size, most) => {
    const error = largestError({ size, inch: 96, outch: 8, h: 24, w: 24, ...common })
    expect(error).toBeGreaterThan(0)
    expect(error).toBeLessThan(most)
    arena.reset()
  })

  test.each([2, 4] as const)('sums over more channels than a block of depths holds, with tiles of %i', (size) => {
    expect(largestError({ size, inch: 1030, outch: 5, h: 6, w: 11, ...common })).toBeLessThan(20)
    arena.reset()
  })

  test.each([
    [2, 10, 14],
    [4, 60, 40],
  ] as const)('tiles of %i run on from row to row and from block to block without a trace', (size, inch, outch) => {
    const sizes = [[22, 45], [61, 46], [37, 41], ...Array.from({ length: 18 }, (_, i) => [1 + (i % 9), i + 1])]
    for (const [h, w] of sizes) {
      const e = { size, inch, outch, h, w, ...common }
      const arrays = [randomFloats(inch * h * w, 4), randomFloats(outch * inch * 9, 5), randomFloats(outch, 6)] as const
      const activation = Activation.leakyRelu
      const whole = run(e, ...arrays, h, w, { activation })
      expectSame(
        firstDifference(whole, run(e, ...arrays, h, w, { activation, rowByRow: true })),
        undefined,
        `${h}x${w}`,
      )
    }
    arena.reset()
  })
})
