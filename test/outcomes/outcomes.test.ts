// What listeners learn of each assertion, through the matchers as Vitest's own `expect` calls them.
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import '../../src/vitest.ts'
import { tensorMatchers } from '../../src/matchers/index.ts'
import { evidenceOf, listen, type Outcome } from '../../src/outcomes/index.ts'
import type { TensorLike } from '../../src/tensor/tensor.ts'

const reference = Float32Array.of(1, -2, 4)
const drifted = Float32Array.of(1, -2, 4.5)

let outcomes: Outcome[] = []
let stop = () => {}
beforeEach(() => {
  outcomes = []
  stop = listen((outcome) => outcomes.push(outcome))
})
afterEach(() => stop())

const quietly = (assertion: () => unknown) => expect(assertion).toThrow()

test('an assertion that passes', () => {
  expect(drifted).toMatchTensor(reference, { atol: 1 })
  expect(outcomes).toEqual([
    {
      version: 1,
      matcher: 'toMatchTensor',
      status: 'passed',
      isNot: false,
      given: { options: { atol: 1 } },
      tensors: [
        {
          summary: expect.objectContaining({ version: 1, pass: true, margin: 0.5, maxAbs: 0.5 }),
          comparison: expect.objectContaining({ pass: true }),
        },
      ],
      where: {
        test: ['an assertion that passes'],
        file: fileURLToPath(import.meta.url),
        line: expect.any(Number),
        column: expect.any(Number),
        retry: 0,
        repeat: 0,
      },
      message: expect.any(Function),
    },
  ])
})

test('one that fails, with the message that the test runner prints', () => {
  let thrown: unknown
  try {
    expect(drifted).toMatchTensor(reference, { atol: 0.25 })
  } catch (error) {
    thrown = error
  }
  const [{ status, tensors, message }] = outcomes
  expect(status).toBe('failed')
  expect(tensors[0].summary).toMatchObject({ pass: false, reason: 'values', margin: 2 })
  expect((thrown as Error).message).toBe(message())
})

test('.not turns the status, not the summary', () => {
  expect(drifted).not.toMatchTensor(reference, { atol: 0.25 })
  quietly(() => expect(drifted).not.toMatchTensor(reference, { atol: 1 }))
  // shapes that differ fail either way
  quietly(() => expect(drifted).not.toMatchTensor([1]))
  quietly(() => expect(drifted).toMatchTensor([1]))
  expect(
    outcomes.map(({ status, isNot, tensors }) => [status, isNot, tensors[0].summary?.pass, tensors[0].summary?.reason]),
  ).toEqual([
    ['passed', true, false, 'values'],
    ['failed', true, true, undefined],
    ['failed', true, false, 'shape'],
    ['failed', false, false, 'shape'],
  ])
})

test('wrong use is an error, and still thrown', () => {
  expect(() => expect('text').not.toMatchTensor(reference)).toThrow(/^actual must be a tensor/)
  // @ts-expect-error: no option of this name
  expect(() => expect(drifted).toMatchTensor(reference, { atoll: 1 })).toThrow(/atoll/)
  // @ts-expect-error: a tensor is not the options
  expect(() => expect(drifted).toMatchTensor(reference, reference)).toThrow()
  expect(outcomes.map(({ status, given, tensors }) => [status, given, tensors])).toEqual([
    ['error', {}, []],
    ['error', { options: { atoll: 1 } }, []],
    ['error', { options: 'a Float32Array' }, []],
  ])
  expect(outcomes[0].message()).toMatch(/^actual must be a tensor/)
})

test('a record has an outcome for each tensor', () => {
  const outputs = { out0: drifted, out1: reference, extra: [1] }
  quietly(() => expect(outputs).toMatchTensors({ out0: reference, out1: reference, missing: [1] }, { atol: 0.25 }))
  expect(outcomes[0].tensors.map(({ name, summary, problem }) => [name, summary?.pass, problem])).toEqual([
    ['out0', false, undefined],
    ['out1', true, undefined],
    ['missing', undefined, 'missing'],
    ['extra', undefined, 'not in the reference'],
  ])
})

test('arguments are plain, whatever they are', () => {
  const normalize = function same(tensor: TensorLike) {
    return tensor
  }
  expect(drifted).toMatchTensor(reference, { atol: 1, normalize, metrics: { cosine: 0.5 }, rtol: undefined })
  expect(drifted).toMatchTensor(reference, { atol: 1, normalize: 'l2', axis: [0] })
  expect([3, 2, 1]).toAgreeOnTopK([4, 2, 1], 2, { atol: 1e-3 })
  expect(drifted).toHaveShape([3])
  expect(drifted).toHaveDtype('float32')
  expect(drifted).toBeFiniteTensor()
  expect(outcomes.map(({ matcher, given }) => [matcher, given])).toEqual([
    ['toMatchTensor', { options: { atol: 1, normalize: 'same', metrics: { cosine: 0.5 } } }],
    ['toMatchTensor', { options: { atol: 1, normalize: 'l2', axis: [0] } }],
    ['toAgreeOnTopK', { k: 2, options: { atol: 1e-3 } }],
    ['toHaveShape', { shape: [3] }],
    ['toHaveDtype', { dtype: 'float32' }],
    ['toBeFiniteTensor', {}],
  ])
  const data = outcomes.map(({ message, tensors, ...rest }) => ({
    ...rest,
    tensors: tensors.map(({ comparison, ...summary }) => summary),
  }))
  expect(JSON.parse(JSON.stringify(data))).toEqual(data)
})

test('expect.soft and expect.poll', async ({ task }) => {
  expect.soft(drifted).toMatchTensor(reference)
  task.result?.errors?.splice(0)
  if (task.result) task.result.state = 'run'
  let calls = 0
  await expect.poll(() => (++calls < 3 ? drifted : reference), { interval: 1 }).toMatchTensor(reference)
  expect(outcomes.map(({ status, where: { soft, poll } }) => [status, soft, poll])).toEqual([
    ['failed', true, undefined],
    ['failed', undefined, true],
    ['failed', undefined, true],
    ['passed', undefined, true],
  ])
})

test('.resolves', async () => {
  await expect(Promise.resolve(drifted)).resolves.toMatchTensor(reference, { atol: 1 })
  expect(outcomes).toMatchObject([{ status: 'passed', where: { test: ['.resolves'] } }])
})

describe('in a block', () => {
  test('the line is that of the assertion', () => {
    const lineOf = (error: Error) => Number(/outcomes\.test\.ts:(\d+)/.exec(error.stack ?? '')?.[1])
    const here = lineOf(new Error())
    expect(drifted).toHaveShape([3])
    expect(outcomes[0].where).toMatchObject({
      test: ['in a block', 'the line is that of the assertion'],
      line: here + 1,
    })
  })
})

test('retries are counted', { retry: 1 }, ({ task }) => {
  expect(drifted).toHaveShape([3])
  expect(outcomes[0].where.retry).toBe(task.result?.retryCount)
  expect(task.result?.retryCount, 'fails at first').toBe(1)
})

test('the asymmetric matcher is part of another assertion', () => {
  expect({ emb: drifted }).toEqual({ emb: expect.tensorCloseTo(reference, { atol: 1 }) })
  expect(outcomes).toEqual([])
})

describe('listeners', () => {
  test('end when they are told to, one at a time', () => {
    const names: string[] = []
    const note = ({ matcher }: Outcome) => names.push(matcher)
    const [first, second] = [listen(note), listen(note)]
    expect(drifted).toHaveShape([3])
    first()
    expect(drifted).toHaveDtype('float32')
    second()
    expect(drifted).toBeFiniteTensor()
    expect(names).toEqual(['toHaveShape', 'toHaveShape', 'toHaveDtype'])
  })

  test('of another copy of the package are heard', () => {
    const copies = (globalThis as Record<symbol, Set<(outcome: Outcome) => void>>)[
      Symbol.for('expect-tensor.listeners')
    ]
    const heard: string[] = []
    const other = ({ matcher }: Outcome) => heard.push(matcher)
    copies.add(other)
    expect(drifted).toHaveShape([3])
    copies.delete(other)
    expect(heard).toEqual(['toHaveShape'])
  })

  test('the test runner gets pass and message, whether anybody listens or not', () => {
    const keys = () => Object.keys(tensorMatchers.toMatchTensor.call({}, drifted, reference))
    expect(keys()).toEqual(['pass', 'message'])
    stop()
    expect(keys()).toEqual(['pass', 'message'])
  })

  test('without any, nothing is computed but the verdict', () => {
    stop()
    let reads = 0
    const context = {
      isNot: false,
      get testPath() {
        reads++
        return undefined
      },
    }
    tensorMatchers.toMatchTensor.call(context, drifted, reference)
    expect(reads).toBe(0)
    expect(outcomes).toEqual([])
  })
})

test('evidence is there on demand', () => {
  quietly(() => expect(drifted).toMatchTensor(reference))
  const [{ tensors }] = outcomes
  const evidence = tensors[0].comparison && evidenceOf(tensors[0].comparison)
  expect(evidence?.heatMap).toEqual({ axes: [undefined, 0], rows: 1, columns: 3, values: [0, 0, 0.5] })
  expect(evidence?.histogram).toEqual({ first: -1, counts: [1], zeros: 2 })
  quietly(() => expect(drifted).toMatchTensor([1]))
  expect(outcomes[1].tensors[0].comparison && evidenceOf(outcomes[1].tensors[0].comparison)).toBeUndefined()
})
