// Every hint: a case it explains, and a neighbouring case it must keep quiet about.
import { describe, expect, test } from 'vitest'
import { compareTensors } from '../../../src/compare/compare-tensors.ts'
import type { CompareOptions } from '../../../src/compare/options/options.ts'
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from '../../../src/tensor/half.ts'
import type { Tensor } from '../../../src/tensor/tensor.ts'
import { tensor } from '../../../src/tensor/to-tensor.ts'
import { transpose } from '../../../src/tensor/transpose.ts'

/** Reproducible numbers in [-1, 1) (mulberry32), or summed up to a bell curve. */
function numbers(length: number, seed = 1): Float32Array {
  let state = seed
  return Float32Array.from({ length }, () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1
  })
}

const half = (value: number) => float16ToFloat32(float32ToFloat16(value))
const bfloat = (value: number) => bfloat16ToFloat32(float32ToBfloat16(value))

/** `weights · input` with `rows` rows, in float64, then stored as float32. */
function matmul(weights: ArrayLike<number>, input: ArrayLike<number>, rows: number): Float32Array {
  const columns = input.length
  return Float32Array.from({ length: rows }, (_, row) => {
    let sum = 0
    for (let i = 0; i < columns; i++) sum += (weights[row * columns + i] ?? 0) * (input[i] ?? 0)
    return sum
  })
}

function hintsOf(actual: Tensor | Float32Array, reference: Tensor | Float32Array, options?: CompareOptions) {
  const comparison = compareTensors(actual, reference, options)
  expect(comparison.pass).toBe(false)
  return comparison.hints
}

const codesOf = (...args: Parameters<typeof hintsOf>) => hintsOf(...args).map(({ code }) => code)

const reference = numbers(240)
const noise = numbers(240, 7)

describe('half-precision drift', () => {
  const weights = numbers(64 * 240, 3)
  const exact = matmul(weights, reference, 64)

  test('a product with float16 weights', () => {
    const [hint] = hintsOf(matmul(weights.map(half), reference, 64), exact)
    expect(hint?.code).toBe('rounding-size')
    expect(hint?.message).toMatch(/the errors \(2\^-1[123]\.\d of the values\).*float16 weights.*fp16=1/)
  })

  test('values rounded to float16', () => {
    expect(hintsOf(reference.map(half), reference)).toEqual([
      { code: 'half-precision', message: 'actual is the reference rounded to float16 (every element is)' },
    ])
  })

  test('not a product in float32 of another order', () => {
    expect(
      codesOf(
        matmul(weights, reference, 64),
        Float32Array.from(exact, (value) => value * (1 + 1e-6)),
        { atol: 0, rtol: 1e-7 },
      ),
    ).not.toContain('half-precision')
  })

  test('not a few outliers', () => {
    expect(
      codesOf(
        reference.map((value, i) => (i % 20 === 0 ? value + 1e-3 : value)),
        reference,
      ),
    ).toEqual([])
  })

  test('not integers', () => {
    const integers = (data: Int32Array) => tensor(data, [240])
    const large = Int32Array.from(reference, (value) => Math.round(value * 1e6))
    expect(codesOf(integers(large.map((value) => value + Math.round(value / 4000))), integers(large))).not.toContain(
      'half-precision',
    )
  })
})

describe('bfloat16 drift', () => {
  const weights = numbers(64 * 240, 3)
  const exact = matmul(weights, reference, 64)

  test('a product with bfloat16 weights', () => {
    const [hint] = hintsOf(matmul(weights.map(bfloat), reference, 64), exact)
    expect(hint?.code).toBe('rounding-size')
    expect(hint?.message).toMatch(/2\^-[89]\.\d.*bfloat16 storage/)
  })

  test('values rounded to bfloat16', () => {
    expect(hintsOf(reference.map(bfloat), reference)[0]?.message).toBe(
      'actual is the reference rounded to bfloat16 (every element is)',
    )
  })

  test('not a tenth of the values', () => {
    expect(
      codesOf(
        reference.map((value, i) => value + 0.1 * (noise[i] ?? 0)),
        reference,
      ),
    ).toEqual([])
  })
})

describe('gain', () => {
  test('all values times a number, but for noise', () => {
    const [hint] = hintsOf(
      reference.map((value, i) => 1.98 * value + 1e-3 * (noise[i] ?? 0)),
      reference,
    )
    expect(hint?.code).toBe('gain')
    expect(hint?.message).toContain('times 1.98')
    expect(hint?.message).toContain("{ normalize: 'l2' }")
  })

  test('not when actual is small, and something else', () => {
    expect(
      codesOf(
        noise.map((value) => 0.01 * value + 1e-3),
        reference,
      ),
    ).not.toContain('gain')
  })

  test('not when noise is as large as the gain', () => {
    expect(
      codesOf(
        reference.map((value, i) => 1.02 * value + 0.02 * (noise[i] ?? 0)),
        reference,
      ),
    ).not.toContain('gain')
  })
})

describe('offset', () => {
  test('all values plus a number', () => {
    const [hint] = hintsOf(
      reference.map((value) => value + 0.25),
      reference,
    )
    expect(hint?.code).toBe('offset')
    expect(hint?.message).toContain('plus 0.25')
  })

  test('not when half of them are', () => {
    expect(
      codesOf(
        reference.map((value, i) => (i % 2 ? value + 0.25 : value)),
        reference,
      ),
    ).not.toContain('offset')
  })
})

describe('sign flip', () => {
  test('all values negated', () => {
    expect(
      codesOf(
        reference.map((value, i) => -value + 1e-4 * (noise[i] ?? 0)),
        reference,
      ),
    ).toEqual(['sign-flip'])
  })

  test('not when half of them are', () => {
    expect(
      codesOf(
        reference.map((value, i) => (i % 2 ? value : -value)),
        reference,
      ),
    ).toEqual([])
  })
})

describe('order of axes', () => {
  const image = tensor(reference, [1, 4, 6, 10])

  test('a transpose of a square matrix, by name', () => {
    const square = tensor(numbers(16 * 16), [16, 16])
    const [hint] = hintsOf(transpose(square, [1, 0]), square)
    expect(hint?.message).toContain("{ layout: 'hw->wh' }")
    expect(compareTensors(transpose(square, [1, 0]), square, { layout: 'hw->wh' }).pass).toBe(true)
  })

  test('memory in nhwc order with the shape of nchw', () => {
    const data = transpose(image, [0, 2, 3, 1]).data
    const [hint] = hintsOf({ ...image, data }, image)
    expect(hint?.message).toContain(
      "they agree when actual is given the shape its memory has, [1, 6, 10, 4], and { layout: 'nhwc->nchw' }",
    )
    expect(compareTensors(tensor(data, [1, 6, 10, 4]), image, { layout: 'nhwc->nchw' }).pass).toBe(true)
  })

  test('with half-precision drift on top', () => {
    const data = (transpose(image, [0, 2, 3, 1]).data as Float32Array).map(half)
    expect(hintsOf({ ...image, data }, image, { atol: 1e-3 })[0]?.message).toContain("{ layout: 'nhwc->nchw' }")
  })

  test('a shuffle without a name', () => {
    const shuffled = reference.map((_, i) => reference[(i * 77) % 240] ?? 0)
    expect(hintsOf(shuffled, reference)[0]?.message).toContain('look for a shuffled axis')
  })

  test('not noise among values so dense that sorting hides it', () => {
    const dense = numbers(20_000)
    const shaken = dense.map((value, i) => value + 1e-2 * (numbers(1, i + 99)[0] ?? 0))
    expect(codesOf(shaken, dense, { atol: 1e-3 })).not.toContain('unnamed-order')
  })

  test('not two samples of one distribution, however loose the tolerance', () => {
    expect(codesOf(numbers(20_000, 5), numbers(20_000, 6), { atol: 0.5 })).not.toContain('unnamed-order')
  })

  test('not another class of a one-hot vector', () => {
    const oneHot = (at: number) => Float32Array.from({ length: 10 }, (_, i) => (i === at ? 1 : 0))
    expect(codesOf(oneHot(3), oneHot(4))).not.toContain('unnamed-order')
  })

  test('not where metrics alone decide and nothing agrees', () => {
    expect(codesOf(numbers(64, 5), numbers(64, 6), { metrics: { cosine: 0.99 } })).toEqual([])
  })
})

describe('one slice', () => {
  const inChannel = (channel: number, size: number) => (value: number, i: number) =>
    Math.floor(i / 10) % 6 === channel ? value + size * (noise[i] ?? 0) : value + 0.01 * size * (noise[i] ?? 0)

  test('a channel that carries nearly all of the error', () => {
    const [hint] = hintsOf(tensor(reference.map(inChannel(2, 0.5)), [4, 6, 10]), tensor(reference, [4, 6, 10]))
    expect(hint?.code).toBe('one-slice')
    expect(hint?.message).toContain('slice 2 of axis 1 (of length 6)')
  })

  test('not when the error is everywhere', () => {
    const everywhere = reference.map((value, i) => value + 0.3 * (noise[i] ?? 0))
    expect(codesOf(tensor(everywhere, [4, 6, 10]), tensor(reference, [4, 6, 10]))).toEqual([])
  })
})

describe('dead output', () => {
  test('zeros', () => {
    expect(hintsOf(new Float32Array(240), reference)[0]?.message).toContain('every element of actual is 0')
  })

  test('a constant', () => {
    expect(hintsOf(new Float32Array(240).fill(0.5), reference)[0]?.message).toContain('every element of actual is 0.5')
  })

  test('a reference that is constant', () => {
    expect(codesOf(reference, new Float32Array(240))).toEqual(['constant-reference'])
  })

  test('not two constants, nor a single element', () => {
    expect(codesOf(new Float32Array(8).fill(1), new Float32Array(8).fill(2))).toEqual([])
    expect(codesOf(new Float32Array([0]), new Float32Array([1]))).toEqual([])
  })
})

describe('overflow of half precision', () => {
  const large = reference.map((value) => value * 1e5)

  test('infinite where the reference is beyond 65504', () => {
    const [hint] = hintsOf(large.map(half), large, { rtol: 1e-3 })
    expect(hint?.code).toBe('half-overflow')
    expect(hint?.message).toMatch(/up to 9\.\d+e?|up to 9\d{4}/)
  })

  test('stuck at the largest half', () => {
    expect(
      codesOf(
        large.map((value) => Math.max(-65504, Math.min(65504, value))),
        large,
      ),
    ).toEqual(['half-overflow'])
  })

  test('not an infinity whose reference is small', () => {
    expect(
      codesOf(
        large.map((value, i) => (i === 3 ? Infinity : half(value))),
        reference.map(() => 1),
      ),
    ).not.toContain('half-overflow')
  })

  test('not NaN', () => {
    expect(
      codesOf(
        reference.map((value, i) => (i === 3 ? Number.NaN : value)),
        reference,
      ),
    ).toEqual([])
  })
})

describe('softmax', () => {
  const logits = tensor(
    reference.map((value) => 4 * value),
    [24, 10],
  )
  const probabilities = tensor(
    Float32Array.from({ length: 240 }, (_, i) => {
      const row = (logits.data as Float32Array).subarray(i - (i % 10), i - (i % 10) + 10)
      return Math.exp(row[i % 10] ?? 0) / row.reduce((sum, value) => sum + Math.exp(value), 0)
    }),
    [24, 10],
  )

  test('missing in actual', () => {
    expect(hintsOf(logits, probabilities)[0]).toMatchObject({
      code: 'softmax',
      message: expect.stringContaining('the softmax over axis 1 of actual is the reference'),
    })
  })

  test('missing in the reference', () => {
    expect(hintsOf(probabilities, logits)[0]).toMatchObject({
      code: 'softmax',
      message: expect.stringContaining('actual is the softmax over axis 1 of the reference'),
    })
  })

  test('not the probabilities of other logits', () => {
    const other = tensor(
      (logits.data as Float32Array).map((value) => Math.sin(9 * value)),
      [24, 10],
    )
    expect(codesOf(other, probabilities)).not.toContain('softmax')
  })
})

test('a comparison that passes has no hints', () => {
  expect(compareTensors(reference.map(half), reference, { atol: 1e-3 }).hints).toEqual([])
})

describe('NaN on both sides', () => {
  const withNaN = (values: Float32Array, ...places: number[]) =>
    values.map((value, place) => (places.includes(place) ? Number.NaN : value))

  test('when the NaN stand in the same places', () => {
    expect(hintsOf(withNaN(reference, 3, 5), withNaN(reference, 3, 5))[0]).toEqual({
      code: 'nan-on-both-sides',
      message:
        '2 elements are NaN on both sides: if that is meant, compare with { equalNaN: true } (their places are the same)',
    })
  })

  test('not when one side alone is NaN somewhere, nor with equalNaN', () => {
    expect(codesOf(withNaN(reference, 3, 5), withNaN(reference, 3))).not.toContain('nan-on-both-sides')
    expect(codesOf(withNaN(noise, 3), withNaN(reference, 3), { equalNaN: true })).not.toContain('nan-on-both-sides')
  })
})

describe('look-alikes', () => {
  const wide = numbers(4096, 5)

  test.each([
    ['a picture of 8 bits', 255, 1],
    ['fixed-point numbers', 60, 1 / 4],
  ])('%s is not said to be stored in 16 bits', (_, size, step) => {
    const whole = wide.map((value) => Math.round((size * (value + 1)) / 2 / step) * step)
    const noise = numbers(4096, 8)
    const nearly = whole.map((value, i) => value + 0.01 * size * (noise[i] ?? 0))
    for (const codes of [codesOf(whole, nearly), codesOf(nearly, whole)]) {
      expect(codes).not.toContain('bfloat16-precision')
      expect(codes).not.toContain('half-precision')
    }
  })

  test('what float16 makes of very small numbers is no int8 grid', () => {
    const small = wide.map((value) => value * 6e-7)
    const [hint] = hintsOf(
      small.map((value) => Math.round(value * 2 ** 24) / 2 ** 24),
      small,
      { atol: 0, rtol: 1e-3 },
    )
    expect(hint?.message).toMatch(/float16/)
    expect(hint?.code).toBe('half-precision')
  })

  test.each([-1e4, -65504, 0])('a mask of %f instead of -Infinity', (value) => {
    const masked = wide.map((x, i) => (i % 5 === 0 ? -Infinity : x))
    const [hint] = hintsOf(
      masked.map((x) => (x === -Infinity ? value : x)),
      masked,
    )
    expect(hint?.code).toBe('mask-value')
    expect(hint?.message).toMatch(/in all 820 places where the reference is -Infinity, and they agree elsewhere/)
  })

  test('infinities that fill a slice are no 0 / 0', () => {
    const shape = [16, 256]
    const broken = tensor(
      wide.map((x, i) => (Math.floor(i / 256) === 3 ? Infinity : x)),
      shape,
    )
    const [hint] = hintsOf(broken, tensor(wide, shape))
    expect(hint?.message).toMatch(/slice 3 of axis 0 .* a division by 0 or an overflow/)
  })

  test('slices of zeros are not taken for moved ones', () => {
    const rows = (first: number) =>
      tensor(
        Float32Array.from({ length: 128 * 32 }, (_, i) => {
          const row = Math.floor(i / 32) - first
          return row >= 0 && row < 88 ? (wide[32 * row + (i % 32)] ?? 0) : 0
        }),
        [128, 32],
      )
    expect(codesOf(rows(40), rows(0))).toEqual(['shifted'])
  })

  test('factors near known ones are not called them', () => {
    const [hint] = hintsOf(
      wide.map((x) => 100.01 * x),
      wide,
    )
    expect(hint?.message).toMatch(/times 100\.01; beyond that they agree/)
  })
})
