// Resizing against its definition, step by step in float32: along w first, then along h.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ResizeRounding } from '../../src/kernels/ncnn.ts'
import { roundToFloat16 } from '../../src/runners/ncnn/engines/wasm/precision/sums.ts'
import { createArena, firstDifference, randomFloats } from './arena.ts'

const arena = createArena()
const { kernels } = arena
const round = Math.fround

/** What each of `outLength` elements is made of. */
interface Taps {
  readonly count: number
  readonly first: Int32Array
  readonly weight: Float32Array
}

/** Windows of `count` elements that never move back, here and there by more than one, with any weights. */
function someTaps(length: number, outLength: number, count: number, seed: number): Taps {
  const first = Int32Array.from(randomFloats(outLength, seed), (x) => Math.floor(((x + 1) / 2) * (length - count + 1)))
  const weight = count === 1 ? new Float32Array(outLength).fill(1) : randomFloats(count * outLength, seed + 1)
  return { count, first: first.sort(), weight }
}

type Round = (sum: number) => number
const exactly: Round = (sum) => sum
const toHalf: Round = (sum) => roundToFloat16(round(sum))

/** @param roundAt how the steps of a column of the results are rounded besides */
function resampled(
  source: Float32Array,
  outer: number,
  length: number,
  inner: number,
  taps: Taps,
  roundAt: (column: number) => Round,
): Float32Array {
  const { count, first, weight } = taps
  const outLength = first.length
  const result = new Float32Array(outer * outLength * inner)
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < outLength; i++) {
      for (let j = 0; j < inner; j++) {
        const value = (k: number): number => source[(o * length + first[i] + k) * inner + j]
        const own = roundAt(j)
        let sum = count === 1 ? value(0) : own(round(value(0) * weight[i]))
        for (let k = 1; k < count; k++) sum = own(round(sum + round(value(k) * weight[k * outLength + i])))
        result[(o * outLength + i) * inner + j] = sum
      }
    }
  }
  return result
}

const bytesOf = (values: Int32Array): Uint8Array => new Uint8Array(values.buffer)

test.each([1, 2, 3, 4])('%i columns', (countW) => {
  fc.assert(
    fc.property(
      fc.record({
        channels: fc.integer({ min: 1, max: 3 }),
        countH: fc.integer({ min: 1, max: 4 }),
        moreH: fc.integer({ min: 0, max: 14 }),
        moreW: fc.integer({ min: 0, max: 14 }),
        outH: fc.integer({ min: 1, max: 20 }),
        outW: fc.integer({ min: 1, max: 20 }),
        seed: fc.integer(),
        skew: fc.constantFrom(0, 4),
        half: fc.constantFrom(...Object.values(ResizeRounding)),
      }),
      ({ channels, countH, moreH, moreW, outH, outW, seed, skew, half }) => {
        arena.reset(skew)
        const [h, w] = [countH + moreH, countW + moreW]
        const [alongH, alongW] = [someTaps(h, outH, countH, seed), someTaps(w, outW, countW, seed + 2)]
        const values = randomFloats(channels * h * w, seed + 4)
        if (half !== ResizeRounding.none) {
          for (const floats of [values, alongH.weight, alongW.weight]) floats.set(floats.map(roundToFloat16))
        }
        const output = arena.floats(channels * outH * outW)
        const [input, scratch] = [arena.put(values), arena.bytes(kernels.resizeScratchBytes({ outW }))]
        const rows = { countH, firstH: arena.putBytes(bytesOf(alongH.first)), weightH: arena.put(alongH.weight) }
        const columns = { countW, firstW: arena.putBytes(bytesOf(alongW.first)), weightW: arena.put(alongW.weight) }
        kernels.resize({
          input,
          channels,
          h,
          w,
          output,
          outH,
          outW,
          ...rows,
          ...columns,
          half,
          scratch,
        })
        const actual = arena.read(output, channels * outH * outW)
        arena.reset()
        const [inSteps, inSums] = [half === ResizeRounding.eachStep, half === ResizeRounding.eachSum]
        const widened = resampled(values, channels * h, w, 1, alongW, () => (inSteps ? toHalf : exactly))
        if (inSums) widened.set(widened.map(toHalf))
        const isStepped = (column: number): boolean => inSteps || (inSums && countH === 2 && column < outW - (outW % 8))
        const roundAt = (column: number): Round => (isStepped(column) ? toHalf : exactly)
        expect(firstDifference(actual, resampled(widened, channels, h, outW, alongH, roundAt))).toBeUndefined()
      },
    ),
  )
})
