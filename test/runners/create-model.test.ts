// What every Model does, whatever runs it: copies, checks, streams.
import { describe, expect, test } from 'vitest'
import { createModel, type Runner } from '../../src/runners/create-model.ts'
import { ModelError } from '../../src/runners/model-error.ts'
import { tensor } from '../../src/tensor/to-tensor.ts'

/** y = 2 x, z = x + 1, computed a moment after it is called. */
const runner = (changes: Partial<Runner> = {}): Runner => ({
  source: 'model',
  runtime: { name: 'none' },
  inputs: [{ name: 'x' }],
  outputs: [{ name: 'y' }],
  blobs: ['x', 'y', 'z'],
  layers: [
    { name: 'double', type: 'Double', inputs: ['x'], outputs: ['y'] },
    { name: 'next', type: 'Next', inputs: ['y', 'bias'], outputs: ['z'] },
  ],
  has: (name) => ['x', 'y', 'z'].includes(name),
  dtypeOf: () => undefined,
  async compute(fed, requested, _, emit) {
    await Promise.resolve()
    const x = Number(fed.get('x')?.data[0])
    for (const name of requested) emit(name, tensor(Float32Array.of(name === 'y' ? 2 * x : x + 1)))
  },
  close: () => undefined,
  ...changes,
})
const model = (changes?: Partial<Runner>) => createModel(runner(changes), ModelError)

describe('what is fed', () => {
  test('is copied when run is called: one buffer serves many runs', async () => {
    const buffer = new Float32Array(1)
    const runs = [1, 2, 3].map((value) => {
      buffer[0] = value
      return model().run({ x: buffer })
    })
    expect((await Promise.all(runs)).map(({ y }) => y.data[0])).toEqual([2, 4, 6])
  })

  test('is copied for runs that must wait their turn, though the runner reads at once', async () => {
    const fedData: unknown[] = []
    const reading = model({
      readsAtOnce: true,
      async compute(fed, requested, _, emit) {
        const data = fed.get('x')?.data
        fedData.push(data)
        for (const name of requested) emit(name, tensor(Float32Array.of(2 * Number(data?.[0]))))
      },
    })
    const buffer = new Float32Array(1)
    const runs = [1, 2, 3].map((value) => {
      buffer[0] = value
      return reading.run({ x: buffer })
    })
    expect((await Promise.all(runs)).map(({ y }) => y.data[0])).toEqual([2, 4, 6])
    expect(fedData.map((data) => data === buffer)).toEqual([true, false, false])
  })

  test('is not what comes back, though it has the same elements', async () => {
    const given = Float32Array.of(5)
    const { x } = await model().run({ x: given }, { outputs: ['x'] })
    x.data[0] = 7
    expect([...given]).toEqual([5])
    const taken: unknown[] = []
    await model().run({ x: given }, { outputs: ['x'], onTensor: (_, { data }) => taken.push(data) })
    expect(taken).toEqual([given])
    expect(taken[0]).not.toBe(given)
  })

  test('may be refused by the runner, in its own words', async () => {
    const refusing = model({ refuses: (name, { shape }) => (shape.length > 0 ? `no ${name} here` : undefined) })
    await expect(refusing.run({ x: [1] })).rejects.toThrow(new ModelError('no x here', { code: 'wrong-input' }))
    expect(await refusing.run({ x: 1 })).toHaveProperty('y')
  })

  test('may lack what layers can do without', async () => {
    const inputs = [{ name: 'x' }, { name: 'bias' }]
    await expect(model({ inputs }).run({ x: [1] }, { outputs: ['z'] })).rejects.toThrow(
      'model: input "bias" is needed but missing; the model\'s inputs are "x", "bias", given: "x"',
    )
    const optional = model({ inputs, mayBeAbsent: ({ name }, index) => name === 'next' && index === 1 })
    expect(await optional.run({ x: [1] }, { outputs: ['z'] })).toHaveProperty('z')
  })
})

describe('onTensor', () => {
  test('gets every requested tensor, and run resolves to nothing', async () => {
    const taken: [string, number][] = []
    const results = await model().run(
      { x: [4] },
      { outputs: ['z', 'x', 'y'], onTensor: (name, { data }) => taken.push([name, Number(data[0])]) },
    )
    expect(results).toEqual({})
    expect(taken.sort()).toEqual([
      ['x', 4],
      ['y', 8],
      ['z', 5],
    ])
  })

  test('that throws ends the run with its error, however the runner wraps it, and leaves the model usable', async () => {
    const wrapping = model({
      async compute(fed, requested, part, emit) {
        try {
          await runner().compute(fed, requested, part, emit)
        } catch (error) {
          throw new ModelError('cannot run it', { cause: error })
        }
      },
    })
    const error = new RangeError('no more')
    const onTensor = (): never => {
      throw error
    }
    await expect(wrapping.run({ x: [1] }, { onTensor })).rejects.toBe(error)
    await expect(wrapping.run({ x: [1] }, { outputs: ['x'], onTensor })).rejects.toBe(error)
    expect((await wrapping.run({ x: [1] })).y.data[0]).toBe(2)
  })
})
