import { expect, test } from 'vitest'
import { type AssertionRecord, keepRecord } from '../../src/report/record.ts'
import { recordOfUse, recordWith } from './sample.ts'

test('a passing assertion leaves its tolerance and what was used of it, in a few hundred bytes', () => {
  const record = recordOfUse(() =>
    expect(Float32Array.of(1, 2.5)).toMatchTensor(Float64Array.of(1, 2), {
      atol: 1,
      maxMismatch: '1%',
      metrics: { rmse: 2 },
    }),
  )
  expect(record).toEqual({
    matcher: 'toMatchTensor',
    test: ['a test'],
    tensors: [
      {
        status: 'passed',
        margin: 0.5,
        comparison: {
          dtypes: ['float32', 'float64'],
          shape: [2],
          total: 2,
          criterion: { atol: 1, rtol: 0, source: 'options', maxMismatch: '1%', metrics: { rmse: 2 } },
          maxAbs: 0.5,
          mismatched: 0,
        },
      },
    ],
  })
})

test('a failure leaves its message, hints and charts', () => {
  const reference = Float32Array.from({ length: 300 }, (_, i) => Math.sin(i))
  const record = recordOfUse(() =>
    expect({ data: reference.map((x) => 2 * x), shape: [3, 100] }).toMatchTensor(
      { data: reference, shape: [3, 100] },
      { atol: 1e-3 },
    ),
  )
  const [{ status, failure }] = record.tensors
  expect(status).toBe('failed')
  expect(failure).toMatchObject({
    reason: 'values',
    message: expect.stringMatching(/^Tensors do not match: \d+ of 300 elements/),
    hints: [{ code: 'gain' }],
    pictures: {
      heatMap: { axes: [0, 1], lengths: [3, 100], rows: 3, columns: 64 },
      profiles: [
        { axis: 0, length: 3 },
        { axis: 1, length: 100 },
      ],
    },
  })
})

test('numbers that are not finite survive JSON', () => {
  const record = recordOfUse(() => expect([Number.NaN]).toMatchTensor([1]))
  expect(record.tensors[0]).toMatchObject({ margin: 'Infinity', comparison: { maxAbs: 'NaN' } })
  expect(JSON.parse(JSON.stringify(record))).toEqual(record)
})

test('of several tensors each has its own status and message; under .not all have that of the assertion', () => {
  const tensors = { right: [1], wrong: [9] }
  const references = { right: [1], wrong: [1] }
  const { tensors: found } = recordOfUse(() => expect(tensors).toMatchTensors(references, { atol: 1 }))
  expect(found.map(({ key, status }) => [key, status])).toEqual([
    ['right', 'passed'],
    ['wrong', 'failed'],
  ])
  expect(found[1].failure?.message).toMatch(/^Tensors do not match: 1 of 1 element/)
  const negated = recordOfUse(() => expect(tensors).not.toMatchTensors(tensors))
  expect(negated).toMatchObject({ not: true, tensors: [{ status: 'failed' }, { status: 'failed' }] })
})

test('a tensor that is missing, an assertion without tensors, and one that is used wrongly', () => {
  expect(recordOfUse(() => expect({ more: [1] }).toMatchTensors({ out: [1] })).tensors).toMatchObject([
    { key: 'out', status: 'failed', failure: { message: expect.stringContaining('out') } },
    { key: 'more', status: 'failed' },
  ])
  expect(recordOfUse(() => expect([1]).toHaveShape([1])).tensors).toEqual([{ status: 'passed' }])
  expect(recordOfUse(() => expect([1]).toMatchTensor([1], { atol: -1 })).tensors).toEqual([
    { status: 'error', failure: { message: expect.stringContaining('atol') } },
  ])
})

test('attempts of expect.poll take the place of one another until one passes', () => {
  const poll = (margin: number): AssertionRecord => recordWith(margin, { test: ['polls'], poll: true, line: 3 })
  const records: AssertionRecord[] = []
  const other = recordWith(4)
  for (const record of [poll(9), other, poll(8), poll(0.25), poll(7), poll(0.5)]) keepRecord(records, record)
  expect(records.map(({ tensors: [{ margin }] }) => margin)).toEqual([4, 0.25, 0.5])
})
