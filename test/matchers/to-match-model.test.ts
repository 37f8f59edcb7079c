import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import '../../src/vitest.ts'
import type { Model } from '../../src/runners/model.ts'
import { asAnotherRuntime, channelsLast, image, loadSmallNetwork } from '../analysis/small-network.ts'

let model: Model
let exact: Model
let damaged: Model
beforeAll(async () => {
  model = await loadSmallNetwork()
  exact = await loadSmallNetwork({ precision: 'float64' })
  const variant = await model.variant?.({ layers: { avg: { params: { pooling_type: 0 } } } })
  if (variant === undefined) throw new Error('there is no variant')
  damaged = variant
})
afterAll(() => {
  for (const one of [model, exact, damaged]) one.close()
})

const inputs = { in: image() }

async function messageOf(assertion: Promise<void>): Promise<string> {
  const error = await assertion.then(
    () => new Error('the assertion passed'),
    (reason: Error) => reason,
  )
  return error.message
}

describe('passes', () => {
  test('on one record of inputs, and on a list', async () => {
    await expect(model).toMatchModel(exact, { inputs, atol: 1e-5 })
    await expect(model).toMatchModel(exact, { inputs: [inputs, { in: image(8) }], atol: 1e-5 })
  })

  test('whatever the names and layouts', async () => {
    const referenceInputs = { t1000: channelsLast(inputs.in) }
    await expect(model).toMatchModel(asAnotherRuntime(exact), { inputs, referenceInputs, atol: 1e-5 })
  })

  test('for what a model was promised to be', async () => {
    await expect(Promise.resolve(model)).resolves.toMatchModel(exact, { inputs, atol: 1e-5 })
  })

  test('under .not, when an output misses its tolerance', async () => {
    await expect(damaged).not.toMatchModel(exact, { inputs, atol: 1e-5 })
  })
})

describe('fails', () => {
  test('with the outputs, the layers around the culprit, the cause and the repair', async () => {
    const message = await messageOf(expect(damaged).toMatchModel(exact, { inputs, atol: 1e-5 }))
    expect(message.split('\n').length).toBeLessThanOrEqual(30)
    expect(message).toMatch(/^Models do not match\. The models part at layer "avg" \(Pooling\): parameter\n/)
    expect(message).toMatch(/\n {2}out +error .*exceed the tolerance/)
    expect(message).toMatch(/\n {2}> +avg +Pooling/)
    expect(message).toMatch(/it takes the average/)
    expect(message).toMatch(/Repair, verified by a run: avg agrees when/)
    expect(message).toMatch(/tolerance +atol 1e-5, rtol 0 \(as given\)/)
  })

  test('with the worst of several inputs', async () => {
    const still = { in: { ...image(), data: new Float32Array(768) } }
    const message = await messageOf(expect(damaged).toMatchModel(exact, { inputs: [still, inputs], atol: 1e-2 }))
    expect(message).toMatch(/1 of 2 inputs fail; most of all input 2, shown here/)
  })

  test('where no layer can be looked at, with the outputs and the reason', async () => {
    const opaque: Model = {
      ...damaged,
      blobs: [],
      layers: [],
      run: (given, options) =>
        options?.outputs === 'all' ? Promise.reject(new Error('no such thing')) : damaged.run(given, options),
    }
    const message = await messageOf(expect(opaque).toMatchModel(exact, { inputs, atol: 1e-5 }))
    expect(message).toMatch(/^Models do not match\n/)
    expect(message).toMatch(/Where they part cannot be told: no such thing/)
  })

  test('under .not, when all outputs match', async () => {
    expect(await messageOf(expect(model).not.toMatchModel(exact, { inputs, atol: 1e-5 }))).toBe(
      'Models match, but were expected not to: 1 output within tolerance',
    )
  })
})

describe('refuses', () => {
  const failure = (use: () => unknown) => expect(async () => use()).rejects
  const wrong = (value: unknown) => value as Model

  test('what is no model', async () => {
    await failure(() => expect({ out: [1] }).toMatchModel(exact, { inputs })).toThrow(
      'toMatchModel: actual must be a model, such as loadNcnn or loadRecording return, got an object with the key out',
    )
    await failure(() => expect(Promise.resolve(model)).not.toMatchModel(exact, { inputs })).toThrow(
      'toMatchModel: actual is a Promise: await it first',
    )
    await failure(() => expect(model).toMatchModel(wrong([1]), { inputs })).toThrow('reference must be a model')
  })

  test('no inputs, other inputs, and options that do not exist', async () => {
    const options = (given: object) => given as { inputs: typeof inputs }
    await failure(() => expect(model).toMatchModel(exact, options({ atol: 1 }))).toThrow('inputs is missing')
    await failure(() => expect(model).toMatchModel(exact, { inputs: [] })).toThrow('inputs is missing')
    await failure(() => expect(model).toMatchModel(exact, { inputs, referenceInputs: [inputs, inputs] })).toThrow(
      'inputs has 1 record and referenceInputs 2',
    )
    await failure(() => expect(model).toMatchModel(exact, options({ inputs, atoll: 1 }))).toThrow(
      "unknown option 'atoll' (did you mean 'atol'?)",
    )
    await failure(() => expect(model).not.toMatchModel(exact, { inputs: { image: image() } })).toThrow('image')
  })

  test('a reference whose outputs are others', async () => {
    const other = { ...exact, outputs: [{ name: 'c1' }] }
    await failure(() => expect(model).not.toMatchModel(other, { inputs })).toThrow(
      'output "out" has 10 elements and the reference\'s "c1" 2048',
    )
    await failure(() => expect(model).toMatchModel({ ...exact, outputs: [] }, { inputs })).toThrow(
      'output "out" has no counterpart',
    )
    await expect(model).toMatchModel(other, { inputs, pairs: { out: 'out' }, atol: 1e-5 })
  })
})
