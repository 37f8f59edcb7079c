// Fingerprints: what they notice and what they do not, with the rates that docs/snapshots.md states.
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { CompareOptions } from '../../../src/compare/options/options.ts'
import { compareFingerprint, sketchMargin } from '../../../src/snapshots/fingerprint/compare-fingerprint.ts'
import { canonicalBytes, makeFingerprint } from '../../../src/snapshots/fingerprint/fingerprint.ts'
import { makeSketch, sketchDistance, sketchError } from '../../../src/snapshots/fingerprint/sketch.ts'
import { toFloat64 } from '../../../src/tensor/decode.ts'
import type { Tensor } from '../../../src/tensor/tensor.ts'
import { tensor } from '../../../src/tensor/to-tensor.ts'
import { trials } from '../../trials.ts'
import { normal, uniform } from '../random.ts'

const shape = [8, 16, 20]
const size = 2560

function hash(of: Tensor): string {
  return createHash('sha256').update(canonicalBytes(of)).digest('hex')
}

function judge(actual: Tensor, stored: Tensor, options: CompareOptions) {
  return compareFingerprint(actual, hash(actual), makeFingerprint(stored, hash(stored)), options)
}

/** By their seed: most tests take the same. */
const drawn = new Map<number, Float64Array>()

function normals(seed: number): Float64Array {
  const known = drawn.get(seed)
  if (known !== undefined) return known
  const next = normal(seed)
  const values = new Float64Array(size)
  for (let i = 0; i < size; i++) values[i] = next()
  drawn.set(seed, values)
  return values
}

function norm(values: Float64Array): number {
  let sum = 0
  for (const value of values) sum += value * value
  return Math.sqrt(sum)
}

function random(seed: number): Tensor {
  return tensor(normals(seed), shape)
}

function change(of: Tensor, edit: (value: number, index: number) => number): Tensor {
  return tensor(toFloat64(of).map(edit), of.shape)
}

/** `of` with noise whose norm is `relative` times its own, exactly. */
function withNoise(of: Tensor, relative: number, seed: number): Tensor {
  const noise = normals(seed)
  const scale = (relative * norm(toFloat64(of))) / norm(noise)
  return change(of, (value, i) => value + noise[i] * scale)
}

describe('rates', () => {
  // The seeds are fixed: the docs' 1000 trials are those of `npm run test:properties`. Of 100, a verdict that is wrong in 3 % of
  // all cases would be seen with a probability of 95 %, and the deviation of the estimate is known to 7 %.
  const count = trials(100)

  test('the estimated distance has the standard deviation that follows from the length of the sketch', () => {
    let sum = 0
    let sumSquares = 0
    let furthest = 0
    for (let seed = 0; seed < count; seed++) {
      const values = normals(seed)
      const error = sketchDistance(makeSketch(values), makeSketch(new Float64Array(size))) / norm(values) - 1
      sum += error
      sumSquares += error * error
      furthest = Math.max(furthest, Math.abs(error))
    }
    expect(sketchError).toBe(0.03125)
    expect(Math.abs(sum / count)).toBeLessThan((4 * sketchError) / Math.sqrt(count))
    expect(Math.abs(Math.sqrt(sumSquares / count) / sketchError - 1)).toBeLessThan(3 / Math.sqrt(2 * count))
    // four standard deviations or so, of the six and more that the margin allows
    expect(furthest).toBeLessThan(5 * sketchError)
    expect((sketchMargin - 1) / sketchError).toBeGreaterThan(6)
  })

  test('no false alarm: every element at the edge of its tolerance', () => {
    let alarms = 0
    for (let seed = 0; seed < count; seed++) {
      const stored = random(seed)
      const sign = uniform(seed + 1)
      const [atol, rtol] = [5e-5, 5e-5]
      const edge = (value: number) => (atol + rtol * Math.abs(value)) * 0.999999
      const drifted = change(stored, (value) => value + (sign() < 0.5 ? edge(value) : -edge(value)))
      if (!judge(drifted, stored, { atol, rtol }).pass) alarms++
    }
    expect(alarms).toBe(0)
  })

  test.each([
    ['noise', (stored: Tensor, seed: number) => withNoise(stored, 1e-4, seed + 1e6)],
    ['a gain', (stored: Tensor) => change(stored, (value) => value * (1 + 1e-4))],
  ])('no miss: %s of relative size 1e-4', (_, drift) => {
    let missed = 0
    for (let seed = 0; seed < count; seed++) {
      const stored = random(seed)
      if (judge(drift(stored, seed), stored, { rtol: 6.5e-5 }).pass) missed++
    }
    expect(missed).toBe(0)
  })

  test('the verdict turns at the margin', () => {
    const pass = (relative: number) => {
      let passed = 0
      for (let seed = 0; seed < 100; seed++) {
        const stored = random(seed)
        if (
          judge(withNoise(stored, relative, seed + 1e6), stored, { metrics: undefined, rtol: 1e-3 }).findings.every(
            (f) => !f.startsWith('the tensor as a whole'),
          )
        )
          passed++
      }
      return passed
    }
    expect(pass(1e-3)).toBe(100)
    const beside = pass(1.2e-3)
    expect(beside).toBeGreaterThan(20)
    expect(beside).toBeLessThan(80)
    expect(pass(1.5e-3)).toBe(0)
  })
})

describe('what is found', () => {
  const stored = random(7)
  const options = { atol: 1e-3 }

  test('nothing, in the same values of another dtype or with another zero', () => {
    const floats = tensor(
      new Float32Array(size).map((_, i) => (i % 7) - 3),
      shape,
    )
    expect(
      judge(
        tensor(
          toFloat64(floats).map((v) => (v === 0 ? -0 : v)),
          shape,
        ),
        floats,
        { atol: 0 },
      ),
    ).toMatchObject({
      pass: true,
      relativeChange: 0,
      cosine: 1,
    })
  })

  test('one element, where none may differ', () => {
    const other = change(stored, (value, i) => (i === 1234 ? value + 1e-9 : value))
    expect(judge(other, stored, { atol: 0 }).findings).toEqual(['some elements differ, and none may'])
    expect(judge(other, stored, options).pass).toBe(true)
  })

  test('a channel that died', () => {
    const other = change(stored, (value, i) => (Math.floor(i / 20) % 16 === 11 ? 0 : value))
    const { pass, findings } = judge(other, stored, options)
    expect(pass).toBe(false)
    expect(findings).toContainEqual(expect.stringMatching(/^axis 1, index 11: norm \d+\.\d+ became 0, sum/))
  })

  test('a top value', () => {
    const at = toFloat64(stored).reduce((best, value, i, all) => (Math.abs(value) > Math.abs(all[best]) ? i : best), 0)
    const other = change(stored, (value, i) => (i === at ? value * 1.01 : value))
    expect(judge(other, stored, options).findings).toContainEqual(
      expect.stringMatching(/^1 of the 32 greatest values, the worst at \[\d+, \d+, \d+\]: /),
    )
  })

  test('permuted elements', () => {
    const other = tensor(toFloat64(stored).reverse(), shape)
    expect(judge(other, stored, options).findings[0]).toMatch(
      /^the tensor as a whole: a relative change of about 1\.\d+e\+0/,
    )
  })

  test('NaN, counted and in its place', () => {
    const withNaN = (where: number) => change(stored, (value, i) => (i === where ? Number.NaN : value))
    expect(judge(withNaN(5), stored, options).findings[0]).toMatch(/^0 NaN, .* became 1 NaN/)
    expect(judge(withNaN(5), withNaN(5), options).findings).toEqual(['1 NaN, which equal nothing without equalNaN'])
    expect(judge(withNaN(5), withNaN(5), { ...options, equalNaN: true }).pass).toBe(true)
    expect(judge(withNaN(6), withNaN(5), { ...options, equalNaN: true }).findings[0]).toMatch(/but not where they were/)
  })

  test('another shape, another dtype', () => {
    expect(judge(tensor(toFloat64(stored), [16, 160]), stored, options).findings).toEqual([
      'the shape [8, 16, 20] became [16, 160]',
    ])
    const single = tensor(Float32Array.from(toFloat64(stored)), shape)
    expect(judge(single, stored, { ...options, checkDtype: true }).findings).toEqual([
      'the dtype float64 became float32',
    ])
    expect(judge(single, stored, options).pass).toBe(true)
  })

  test('magnitudes that cannot be squared', () => {
    const huge = change(stored, (value) => value * 1e200)
    expect(judge(huge, stored, options).pass).toBe(false)
  })

  test('a changed 64-bit integer beyond 2^53, where none may differ', () => {
    const integers = (last: bigint) => tensor(new BigInt64Array(2048).fill(2n ** 60n).with(0, last))
    expect(judge(integers(2n ** 60n + 1n), integers(2n ** 60n), {}).pass).toBe(false)
    expect(judge(integers(2n ** 60n), integers(2n ** 60n), {}).pass).toBe(true)
  })
})
