import { describe, expect, test } from 'vitest'
import '../../src/vitest.ts'
import { messageOf } from './message-of.ts'
import { embeddingWithFp16Weights, noisyLogits } from './samples.ts'

const embedding = embeddingWithFp16Weights()
const logits = noisyLogits(1e-3)
const reference = { emb: embedding.reference, logits: logits.reference, age: [31] }
const actual = { emb: embedding.actual, logits: logits.actual, age: [31] }

test('passes when every tensor matches', () => {
  expect(actual).toMatchTensors(reference, { atol: 1e-2 })
  expect(actual).not.toMatchTensors(reference)
  expect({ ...actual, emb: embedding.reference }).not.toMatchTensors(reference)
})

test('reports every tensor that fails and details the first', () => {
  const { age, ...others } = actual
  expect(
    messageOf(() => expect({ ...others, extra: [1] }).toMatchTensors(reference, { atol: 1e-5 })),
  ).toMatchInlineSnapshot(`
    "Tensors do not match: emb, logits, age, extra (4 of 4 tensors)

      emb     float32 [192]      170 of 192 elements (88.5%) exceed the tolerance, the worst by a factor of 21
      logits  float32 [2, 1000]  1978 of 2000 elements (98.9%) exceed the tolerance, the worst by a factor of 100
      age                        missing
      extra                      not in the reference

    emb:

      compared    float32 [192]
      tolerance   atol 1e-5, rtol 0 (as given)

      worst  actual       reference    |a - r|  allowed
      [5]     0.47891992   0.47870705  2.13e-4  1e-5     21x
      [131]   0.28488493   0.2846789   2.06e-4  1e-5     21x
      [70]   -1.349544    -1.3497486   2.05e-4  1e-5     20x

      |a - r|     p50 5.73e-5, p99 2.05e-4, max 2.13e-4, rmse 8.39e-5
      by decade   1e-7 ▁▁▂▂┊██▄▄ 1e-3 (┊ atol)
      overall     cosine 1 - 1.68e-8, SNR 74.7 dB, |actual| / |reference| 0.999996
      would pass  { atol: 2.13e-4 } or { atol: 1e-5, rtol: 0.012 }

      hint        the errors (2^-12.5 of the values) are of the size that float16 weights cause (pnnx's fp16=1,
                  its default; ncnn's storage): so do another eps, another form of GELU or a slightly other input
                  (a size alone; no pattern tells the cause)"
  `)
})

test('says which tensors match when they should not', () => {
  expect(messageOf(() => expect(actual).not.toMatchTensors(reference, { atol: 1e-2 }))).toMatchInlineSnapshot(
    `"Tensors match, but were expected not to: emb, logits, age within tolerance"`,
  )
})

test('missing names, extra names and shapes fail under .not too', () => {
  expect(() => expect({ a: [1] }).toMatchTensors({ a: [1], b: [1] })).toThrow(
    /^Tensors do not match: b \(1 of 2 tensors\)[\s\S]*b +missing/,
  )
  expect(() => expect({ a: [1] }).not.toMatchTensors({ a: [1], b: [1] })).toThrow(/b +missing/)
  expect(() => expect({ a: [1], b: [1] }).not.toMatchTensors({ a: [1] })).toThrow(/b +not in the reference/)
  expect(() => expect({ a: [1, 2] }).not.toMatchTensors({ a: [[1, 2]] })).toThrow(/shapes differ/)
})

test('stays within 25 lines for a model with many outputs', () => {
  const shape = [4, 3, 5]
  const many = (gain: number) => {
    const data = Float32Array.from({ length: 60 }, (_, index) => (index >= 40 ? gain * index : index + 1))
    return Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`out${index}`, { data, shape }]))
  }
  const message = messageOf(() => expect(many(1)).toMatchTensors(many(2), { normalize: 'l2', axis: 0 }))
  expect(message.split('\n').length).toBeLessThanOrEqual(25)
  expect(message).toMatch(/^Tensors do not match: out0, out1, out2, out3, out4, ... \(60 of 60 tensors\)/)
  expect(message).toContain('and 55 more')
  expect(message).toContain('raw values')
})

test('a mistake is an error that names the side or the tensor, under .not too', () => {
  const fails = (received: unknown) => () => expect(received).not.toMatchTensors(reference)
  expect(fails(embedding.actual)).toThrow(/^actual must be a record of named tensors .*, got a Float32Array/)
  expect(fails([[1, 2]])).toThrow(/got an array/)
  expect(fails(logits.actual)).toThrow(/got a single tensor: use toMatchTensor/)
  expect(fails(Promise.resolve(actual))).toThrow(/actual is a Promise: await it first/)
  expect(fails({})).toThrow(/got an empty object/)
  expect(fails({ ...actual, emb: 'text' })).toThrow(/^emb: actual must be a tensor/)
  expect(() => expect({}).toMatchTensors({})).toThrow(/actual must be a record/)
  // @ts-expect-error: no such option
  expect(() => expect(actual).not.toMatchTensors(reference, { atoll: 1 })).toThrow(/unknown option 'atoll'/)
})

test('a name that every object inherits is missing all the same', () => {
  const { constructor: _, ...without } = { constructor: [1], out0: [1] }
  expect(messageOf(() => expect(without).toMatchTensors({ constructor: [1], out0: [1] }))).toMatch(
    /constructor \(1 of 2 tensors\)\n\n {2}constructor +missing/,
  )
})

test('names do nothing to a terminal', () => {
  const name = 'out\u001b[2J'
  expect(messageOf(() => expect({ [name]: [1] }).toMatchTensors({ [name]: [2] }))).toMatch(/do not match: out\\x1b\[2J/)
})

describe('records and lists within', () => {
  const tree = (value: number) => ({
    logits: [value],
    encoder: { layers: [{ hidden: [value] }, { hidden: [value + 1] }] },
    states: [
      { data: [value], shape: [1] },
      { data: [value], shape: [1, 1] },
    ],
  })

  test('are compared tensor by tensor', () => {
    expect(tree(1)).toMatchTensors(tree(1))
    expect(tree(1)).not.toMatchTensors(tree(2))
    const message = messageOf(() => expect(tree(1)).toMatchTensors(tree(2)))
    expect(message).toMatch(
      /^Tensors do not match: logits, encoder\.layers\[0\]\.hidden, encoder\.layers\[1\]\.hidden, states\[0\], states\[1\] \(5 of 5 tensors\)/,
    )
  })

  test('and so are lists at the top', () => {
    const list = (...values: number[]) => values.map((value) => ({ data: [value], shape: [1] }))
    expect(list(1, 2)).toMatchTensors(list(1, 2))
    expect(messageOf(() => expect(list(1, 2)).toMatchTensors(list(1, 3)))).toMatch(
      /^Tensors do not match: \[1\] \(1 of 2/,
    )
    expect(messageOf(() => expect(list(1)).toMatchTensors(list(1, 3)))).toMatch(/\[1\] +missing/)
    expect(messageOf(() => expect(list(1, 3)).toMatchTensors(list(1)))).toMatch(/\[1\] +not in the reference/)
  })

  test('typed arrays are a list of tensors where the other side is one, and one tensor where it is not', () => {
    const rows = [Float32Array.of(1, 2), Float32Array.of(3, 4)]
    expect({ rows }).toMatchTensors({
      rows: [
        [1, 2],
        [3, 4],
      ],
    })
    expect({ rows }).toMatchTensors({ rows: rows.map((data) => ({ data, shape: [2] })) })
  })

  test.each<[unknown, unknown, RegExp]>([
    [{ a: [1] }, { a: { b: [1] } }, /a +is an array, in the reference a record of tensors/],
    [{ a: { b: [1] } }, { a: [1] }, /a +is a record of tensors, in the reference an array/],
    [{ a: [{ b: [1] }] }, { a: { b: [1] } }, /a +is a list of tensors, in the reference a record of tensors/],
    [{ a: { b: [1] } }, { a: {} }, /a\.b +not in the reference/],
  ])('%j is not built as %j', (actual, reference, message) => {
    expect(messageOf(() => expect(actual).toMatchTensors(reference as never))).toMatch(message)
    expect(() => expect(actual).not.toMatchTensors(reference as never)).toThrow(message)
  })
})

describe('tolerances by name', () => {
  const outputs = { logits: [1.01], box: { size: [2.0001] } }
  const references = { logits: [1], box: { size: [2] } }

  test('go before those for all', () => {
    expect(outputs).not.toMatchTensors(references, { atol: 1e-3 })
    expect(outputs).toMatchTensors(references, { atol: 1e-3, tolerances: { logits: { atol: 0.1 } } })
    expect(outputs).not.toMatchTensors(references, { atol: 0.1, tolerances: { 'box.size': { rtol: 1e-6 } } })
  })

  test('replace the criteria for all, and leave other options', () => {
    const nan = { a: [Number.NaN, 1.01] }
    const reference = { a: [Number.NaN, 1] }
    expect(nan).toMatchTensors(reference, { equalNaN: true, preset: 'exact', tolerances: { a: { atol: 0.1 } } })
    expect(nan).not.toMatchTensors(reference, { preset: 'exact', tolerances: { a: { atol: 0.1 } } })
  })

  test.each<[unknown, string]>([
    [{ logit: { atol: 1 } }, "tolerances: unknown option 'logit' (did you mean 'logits'?)"],
    [{ logits: { atl: 1 } }, "tolerances: unknown option 'logits.atl' (did you mean 'logits.atol'?)"],
    [{ logits: 1e-3 }, 'tolerances: logits must be an object such as { atol: ... }, got the number 0.001'],
    [{ logits: { atol: -1 } }, 'logits: atol must be finite and not negative'],
  ])('%j are mistakes', (tolerances, message) => {
    expect(() => expect(outputs).not.toMatchTensors(references, { tolerances } as never)).toThrow(message)
  })
})

test('a message of the test comes first', () => {
  const message = messageOf(() => expect({ a: [1] }).toMatchTensors({ a: [2] }, { message: 'after quantisation' }))
  expect(message).toMatch(/^after quantisation\n\nTensors do not match: a \(1 of 1 tensor\)/)
  expect(messageOf(() => expect([1]).toMatchTensor([2], { message: 'after quantisation' }))).toMatch(
    /^after quantisation\n\nTensors do not match/,
  )
})
