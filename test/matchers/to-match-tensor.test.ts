import { describe, expect, test } from 'vitest'
import '../../src/vitest.ts'
import { float32ToFloat16Array } from '../../src/tensor/half.ts'
import { messageOf } from './message-of.ts'
import { embeddingWithFp16Weights, imageWithBadChannel, noisyLogits } from './samples.ts'

const embedding = embeddingWithFp16Weights()

test('passes within tolerance, fails outside', () => {
  expect(embedding.actual).toMatchTensor(embedding.reference, { atol: 1e-3 })
  expect(embedding.actual).toMatchTensor(embedding.reference, { preset: 'fp16-weights' })
  expect(embedding.actual).toMatchTensor(embedding.reference, { metrics: { cosine: 0.999 } })
  expect(embedding.actual).not.toMatchTensor(embedding.reference, { atol: 1e-5 })
  expect(embedding.actual).not.toMatchTensor(embedding.reference)
  expect(embedding.reference).toMatchTensor(embedding.reference, { preset: 'exact' })
})

test('takes whatever is a tensor, on both sides', () => {
  const reference = [
    [0.5, 1],
    [1.5, 2],
  ]
  const data = Float32Array.of(0.5, 1, 1.5, 2)
  expect({ data, dims: [2, 2], type: 'float32' }).toMatchTensor(reference)
  expect({ data, shape: [2, 2], dtype: 'float32', dataSync: () => data }).toMatchTensor(reference)
  expect({ data: float32ToFloat16Array(data), dims: [2, 2], type: 'float16' }).toMatchTensor(reference)
  expect(1n).toMatchTensor(1n)
})

describe('a mistake is an error, under .not too', () => {
  test.each([
    ['text', /^actual must be a tensor .*, got the string "text"/],
    [undefined, /^actual must be a tensor .*, got undefined/],
    [[[1], [2, 3]], /^ragged array: actual\[1\] has 2 elements/],
    [Promise.resolve([1]), /^actual is a Promise: await it first/],
    [[[1, 2, 3]], /shapes differ: actual \[1, 3\], reference \[3\]; the shapes agree with \{ squeeze: true \}/],
    [[1, 2], /shapes differ: actual \[2\], reference \[3\]/],
  ])('actual %o', (actual, message) => {
    expect(() => expect(actual).toMatchTensor([1, 2, 3])).toThrow(message)
    expect(() => expect(actual).not.toMatchTensor([1, 2, 3])).toThrow(message)
  })

  test.each([
    [{ atoll: 1e-3 }, /unknown option 'atoll'/],
    [{ atol: -1 }, /atol must be finite and not negative/],
    [{ normalize: 'l3' }, /normalize must be one of/],
    [{ preset: 'fp64' }, /preset must be one of/],
  ])('options %o', (options, message) => {
    expect(() => expect([1]).toMatchTensor([1], options as object)).toThrow(message)
    expect(() => expect([1]).not.toMatchTensor([1], options as object)).toThrow(message)
  })

  test('a reference that is no tensor', () => {
    // @ts-expect-error: null is no tensor
    expect(() => expect([1]).not.toMatchTensor(null)).toThrow(/^reference must be a tensor/)
  })
})

describe('the message', () => {
  test('an embedding from fp16 weights', () => {
    const message = messageOf(() =>
      expect(embedding.actual).toMatchTensor(embedding.reference, { atol: 1e-5, normalize: 'l2' }),
    )
    expect(message).toMatchInlineSnapshot(`
      "Tensors do not match: 92 of 192 elements (47.9%) exceed the tolerance, the worst by a factor of 3.4

        compared    float32 [192]
        normalized  l2, both sides
        tolerance   atol 1e-5, rtol 0 (as given)

        worst  actual         reference      |a - r|  allowed
        [5]     0.075521076    0.0754872     3.39e-5  1e-5     3.4x
        [131]   0.044923619    0.044890949   3.27e-5  1e-5     3.3x
        [70]   -0.21281014    -0.21284154    3.14e-5  1e-5     3.1x
        [38]    0.057355816    0.057326126   2.97e-5  1e-5     3.0x
        [91]    0.0066912659   0.0066622039  2.91e-5  1e-5     2.9x

        |a - r|     p50 8.9e-6, p99 3.15e-5, max 3.39e-5, rmse 1.32e-5
        by decade   1e-8 ▁▁▂▂██┊██ 1e-4 (┊ atol)
        overall     cosine 1 - 1.68e-8, SNR 74.7 dB
        raw values  max |a - r| 2.13e-4, SNR 74.7 dB, |actual| / |reference| 0.999996
        would pass  { atol: 3.39e-5 } or { atol: 1e-5, rtol: 8e-3 }

        hint        the errors (2^-12.5 of the values) are of the size that float16 weights cause (pnnx's fp16=1,
                    its default; ncnn's storage): so do another eps, another form of GELU or a slightly other input
                    (a size alone; no pattern tells the cause)"
    `)
  })

  test('logits with noise everywhere', () => {
    const { actual, reference } = noisyLogits(1e-3)
    expect(messageOf(() => expect(actual).toMatchTensor(reference, { atol: 1e-4, rtol: 1e-4 }))).toMatchInlineSnapshot(`
      "Tensors do not match: 989 of 2000 elements (49.5%) exceed the tolerance, the worst by a factor of 9.0

        compared    float32 [2, 1000]
        tolerance   atol 1e-4, rtol 1e-4 (as given)

        worst     actual        reference     |a - r|  allowed
        [1, 756]   0.072587125   0.07162244   9.65e-4  1.07e-4  9.0x
        [1, 837]  -0.049591247  -0.048648264  9.43e-4  1.05e-4  9.0x
        [1, 916]  -0.08386805   -0.08482962   9.62e-4  1.08e-4  8.9x
        [0, 235]  -0.07168856   -0.07263631   9.48e-4  1.07e-4  8.8x
        [0, 503]  -0.020832967  -0.021695156  8.62e-4  1.02e-4  8.4x

        |a - r|     p50 4.85e-4, p99 9.87e-4, max 1e-3, rmse 5.75e-4
        by decade   1e-8 ▁▁▁▁▁▁▁▁┊██ 1e-3 (┊ atol, 1 exact)
        overall     cosine 1 - 7.8e-9, SNR 78.1 dB, |actual| / |reference| 1.00001
        would pass  { atol: 9.68e-4, rtol: 1e-4 } or { atol: 1e-4, rtol: 0.0387 }

        hint        the errors (2^-13.0 of the values) are of the size that float16 weights cause (pnnx's fp16=1,
                    its default; ncnn's storage): so do another eps, another form of GELU or a slightly other input
                    (a size alone; no pattern tells the cause)"
    `)
  })

  test('an image with one bad channel', () => {
    const { actual, reference } = imageWithBadChannel()
    expect(messageOf(() => expect(actual).toMatchTensor(reference, { preset: 'fp32' }))).toMatchInlineSnapshot(`
      "Tensors do not match: 49930 of 150528 elements (33.2%) exceed the tolerance, the worst by a factor of 100

        compared    float32 [3, 224, 224]
        tolerance   atol 1e-4, rtol 1e-4 (from the preset)

        worst          actual     reference   |a - r|  allowed
        [2, 101, 61]   1.0199964  0.9999964   0.02     2e-4     100x
        [2, 40, 170]   1.0199614  0.99996215  0.02     2e-4     100x
        [2, 157, 144]  1.019934   0.9999353   0.02     2e-4     100x
        [2, 167, 91]   1.0199406  0.9999418   0.02     2e-4     100x
        [2, 210, 92]   1.0199054  0.99990726  0.02     2e-4     100x

        |a - r|     p50 0, p99 0.0194, max 0.02, rmse 0.00667
        by decade   1e-7 ▁▁▁▁▁▁┊▁▁████ 1e-1 (┊ atol, 100352 exact)
        overall     cosine 0.9999562, SNR 38.8 dB, |actual| / |reference| 1.0067
        where       axis 0, index 2: 100% of the squared error, 49930 misses
        would pass  { atol: 0.0199, rtol: 1e-4 } or { atol: 1e-4, rtol: 0.02 }

        hint        slice 2 of axis 0 is the reference times 1.02, the others agree: look for the weight, scale or
                    bias of that channel (explains all of the squared error)"
    `)
  })

  test('a gain error', () => {
    const louder = embedding.reference.map((value) => value * 1.5)
    expect(messageOf(() => expect(louder).toMatchTensor(embedding.reference))).toMatchInlineSnapshot(`
      "Tensors do not match: 192 of 192 elements (100%) exceed the tolerance, the worst by a factor of 57400

        compared    float32 [192]
        tolerance   atol 1e-5, rtol 1.3e-6 (default for float32)

        worst  actual      reference   |a - r|  allowed
        [70]   -2.024623   -1.3497486  0.675    1.18e-5  57400x
        [68]   -2.0157485  -1.3438323  0.672    1.17e-5  57200x
        [189]  -1.870907   -1.2472713  0.624    1.16e-5  53700x
        [171]  -1.7211599  -1.14744    0.574    1.15e-5  49900x
        [129]  -1.6083022  -1.0722015  0.536    1.14e-5  47100x

        |a - r|     p50 0.15, p99 0.628, max 0.675, rmse 0.229
        by decade   1e-3 ▁▁▅▅██ 1e0
        overall     cosine 1 - 4.44e-16, SNR 6.0 dB, |actual| / |reference| 1.5

        hint        actual is the reference times 1.5; beyond that they agree: if only the direction matters, as of
                    an embedding, compare with { normalize: 'l2' } (explains all of the squared error)"
    `)
  })

  test('NaN and Infinity come first', () => {
    const broken = embedding.reference.slice()
    broken.fill(Number.NaN, 100, 112)
    broken[3] = Number.POSITIVE_INFINITY
    expect(messageOf(() => expect(broken).toMatchTensor(embedding.reference))).toMatchInlineSnapshot(`
      "Tensors do not match: 12 NaN, 1 +Infinity in actual, none in the reference; 13 of 192 elements (6.77%) fail

        compared    float32 [192]
        tolerance   atol 1e-5, rtol 1.3e-6 (default for float32)

        worst  actual    reference    |a - r|  allowed
        [3]    Infinity  -0.2945875   -        1.04e-5
        [100]       NaN   0.3253367   -        1.04e-5
        [101]       NaN   0.8286033   -        1.11e-5
        [102]       NaN  -0.16266191  -        1.02e-5
        [103]       NaN  -0.04156537  -        1.01e-5

        |a - r|     where both are finite: p50 0, p99 0, max 0, rmse 0
        overall     where both are finite: cosine 1, SNR infinite, |actual| / |reference| 1"
    `)
    expect(messageOf(() => expect([Number.NaN]).toMatchTensor([Number.NaN]))).toMatchInlineSnapshot(`
      "Tensors do not match: 1 NaN on either side; 1 of 1 element (100%) fails

        compared    float64 [1]
        tolerance   atol 1e-7, rtol 1e-7 (default for float64)

        worst  actual  reference  |a - r|  allowed
        [0]    NaN     NaN        -        -

        hint        1 element is NaN on both sides: if that is meant, compare with { equalNaN: true } (their places
                    are the same)"
    `)
  })

  test('elements and a metric', () => {
    const fail = (options: object) =>
      messageOf(() => expect([1, 2, 3, 4]).toMatchTensor([1, 2, 3, 4.4], { atol: 1e-4, ...options }))
    const both = fail({ metrics: { cosine: 0.99999 } })
    expect(both).toMatch(
      /^Tensors do not match: 1 of 4 elements .* factor of 4e3; cosine 0.99888 is below the required 0.99999\n/,
    )
    // no tolerance makes up for the metric
    expect(both).not.toContain('would pass')
    expect(fail({ metrics: { cosine: 0.99 } })).toContain('would pass')
  })

  test('metrics', () => {
    const { actual, reference } = noisyLogits(0.5)
    expect(
      messageOf(() => expect(actual).toMatchTensor(reference, { metrics: { cosine: 0.999, snr: 40, maxAbs: 0.1 } })),
    ).toMatchInlineSnapshot(`
      "Tensors do not match: cosine 0.99807 is below the required 0.999; snr 24.0748 dB is below the required 40 dB; maxAbs 0.499852 is above the allowed 0.1

        compared    float32 [2, 1000]
        tolerance   none: the metrics decide

        |a - r|     p50 0.242, p99 0.493, max 0.5, rmse 0.288
        by decade   1e-5 ▁▁▁▁▁▁▂▂██ 1e0
        overall     cosine 0.9980701, SNR 24.1 dB, |actual| / |reference| 1.00562"
    `)
  })

  test('integers', () => {
    expect(messageOf(() => expect(Int8Array.of(1, -128)).toMatchTensor(Int8Array.of(1, 127)))).toMatchInlineSnapshot(`
      "Tensors do not match: 1 of 2 elements (50%) differs

        compared    int8 [2]
        tolerance   none, values must be equal (default for int8)

        worst  actual  reference  |a - r|  allowed
        [1]    -128    127        255      0

        |a - r|     p50 128, p99 252, max 255, rmse 180
        by decade   1e2 ██ 1e3 (1 exact)
        overall     cosine -0.9998770, SNR -6.1 dB, |actual| / |reference| 1.00787"
    `)
    expect(
      messageOf(() => expect(BigInt64Array.of(2n ** 53n)).toMatchTensor(BigInt64Array.of(2n ** 53n + 1n))),
    ).toMatchInlineSnapshot(`
      "Tensors do not match: 1 of 1 element (100%) differs

        compared    int64 [1]
        tolerance   none, values must be equal (default for int64)

        worst  actual            reference         |a - r|  allowed
        [0]    9007199254740992  9007199254740993  1        0

        |a - r|     p50 1, p99 1, max 1, rmse 1
        by decade   1e0 ██ 1e1
        overall     cosine 1, SNR 319.1 dB, |actual| / |reference| 1"
    `)
  })

  test('shapes', () => {
    const nhwc = { data: new Float32Array(24), dims: [1, 2, 3, 4], type: 'float32' }
    const nchw = { data: new Float32Array(24), dims: [1, 4, 2, 3], type: 'float32' }
    expect(messageOf(() => expect(nhwc).toMatchTensor(nchw))).toMatchInlineSnapshot(`
      "Tensors do not match: shapes differ: actual [1, 2, 3, 4], reference [1, 4, 2, 3]; the shapes agree with { layout: 'nhwc->nchw' }

        actual      float32 [1, 2, 3, 4]
        reference   float32 [1, 4, 2, 3]"
    `)
  })

  test('dtypes', () => {
    expect(
      messageOf(() => expect(Float32Array.of(1)).toMatchTensor(Float64Array.of(1), { checkDtype: true })),
    ).toMatchInlineSnapshot(`
      "Tensors do not match: dtypes differ: actual float32, reference float64

        actual      float32 [1]
        reference   float64 [1]"
    `)
  })

  test('under .not', () => {
    expect(
      messageOf(() => expect(embedding.actual).not.toMatchTensor(embedding.reference, { atol: 1e-3, normalize: 'l2' })),
    ).toMatchInlineSnapshot(`
      "Tensors match, but were expected not to: all of 192 elements within tolerance

        compared    float32 [192]
        normalized  l2, both sides
        tolerance   atol 1e-3, rtol 0 (as given)

        |a - r|     p50 8.9e-6, p99 3.15e-5, max 3.39e-5, rmse 1.32e-5
        by decade   1e-8 ▁▁▂▂████ 1e-4
        overall     cosine 1 - 1.68e-8, SNR 74.7 dB
        raw values  max |a - r| 2.13e-4, SNR 74.7 dB, |actual| / |reference| 0.999996"
    `)
    expect(
      messageOf(() => expect([1, 2, 3]).not.toMatchTensor([1, 2, 4], { atol: 0, maxMismatch: 1 })),
    ).toMatchInlineSnapshot(`
      "Tensors match, but were expected not to: 2 of 3 elements within tolerance and 1 allowed to miss it

        compared    float64 [3]
        tolerance   none, values must be equal (as given)

        |a - r|     p50 0, p99 0.98, max 1, rmse 0.577
        by decade   1e0 ██ 1e1 (2 exact)
        overall     cosine 0.9914601, SNR 13.2 dB, |actual| / |reference| 0.816497"
    `)
  })

  test('has at most 25 lines, and no colours', () => {
    const shape = [2, 3, 4, 5]
    const reference = Float32Array.from({ length: 120 }, (_, index) => index / 7)
    const tensors = { reference: { data: reference, shape }, actual: { data: reference.map((x) => -x * 3 + 1), shape } }
    const message = messageOf(() =>
      expect(tensors.actual).toMatchTensor(tensors.reference, {
        atol: 1e-3,
        rtol: 1e-3,
        normalize: 'l2',
        axis: [0, 1],
        metrics: { cosine: 0.9, snr: 10, psnr: 10, rmse: 0.1, mae: 0.1, maxAbs: 0.1, maxRel: 0.1, maxUlp: 4 },
      }),
    )
    expect(message.split('\n').length).toBeLessThanOrEqual(25)
    expect(message).not.toContain('\u001b')
  })
})
