import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Model } from '../../../src/runners/model.ts'
import { loadNcnn } from '../../../src/runners/ncnn/index.ts'
import { readFixtures } from './fixtures.ts'
import { bitsOf, haveSameBits } from './same-bits.ts'
import '../../../src/vitest.ts'

const param = `7767517
# a comment
5 6
Input in 0 1 x
InnerProduct fc 1 1 x y 0=2 1=1 2=4
Split split 1 2 y y0 y1
ReLU relu 1 1 y0 z 0=0.1
BinaryOp sub 2 1 z y1 out 0=1
`
/** Rows [1, 2] and [3, 4] of the matrix behind the tag of float32, and biases 10 and -20. */
const bin = new Uint8Array(Float32Array.of(0, 1, 2, 3, 4, 10, -20).buffer)
const x = [1, 1]

let model: Model
beforeAll(async () => {
  model = await loadNcnn({ param, bin })
})
afterAll(() => model.close())

const outputsOf = async (variant: Model | undefined, outputs = ['out']): Promise<number[][]> => {
  if (variant === undefined) throw new Error('there is no variant')
  const results = await variant.run({ x }, { outputs })
  variant.close()
  return outputs.map((name) => [...(results[name].data as Float32Array)])
}

describe('a variant with other layers', () => {
  test('computes the same without settings, and outlives the model that it was made of', async () => {
    const short = await loadNcnn({ param, bin })
    const variant = await short.variant?.({})
    short.close()
    expect(await outputsOf(variant)).toEqual(await outputsOf(await model.variant?.({ precision: 'float32' })))
  })

  test('has another precision, and other switches over those of the model', async () => {
    const exact = await model.variant?.({ precision: 'float64' })
    expect(exact?.runtime.options).toEqual({ precision: 'float64' })
    expect((await exact?.run({ x }))?.out.dtype).toBe('float64')
    const halves = await loadNcnn({ param, bin }, { ncnn: { useFp16Storage: true, useWinogradConvolution: true } })
    const plain = await halves.variant?.({ ncnn: { useFp16Storage: false } })
    expect(plain?.runtime.options).toEqual({ useFp16Storage: false, useWinogradConvolution: true })
  })

  test('has other parameters, by their documented names, or their defaults', async () => {
    // y = [13, -13]
    expect(await outputsOf(await model.variant?.({ layers: { relu: { params: { slope: 0.5 } } } }))).toEqual([[0, 6.5]])
    expect(await outputsOf(await model.variant?.({ layers: { relu: { params: { slope: undefined } } } }))).toEqual([
      [0, 13],
    ])
    expect(
      await outputsOf(
        await model.variant?.({ layers: { sub: { params: { op_type: 0 } }, relu: { params: { slope: 1 } } } }),
      ),
    ).toEqual([[26, -26]])
  })

  test('has other inputs, types and weights', async () => {
    const swapped = await model.variant?.({ layers: { sub: { inputs: ['y1', 'z'] }, relu: { type: 'AbsVal' } } })
    expect(await outputsOf(swapped)).toEqual([[0, -26]])
    const weights = { weight_data: { data: Float32Array.of(1, 0, 0, 1), shape: [4], dtype: 'float32' } as const }
    expect(await outputsOf(await model.variant?.({ layers: { fc: { weights } } }), ['y'])).toEqual([[11, -19]])
  })

  test('has only some layers, whose inputs can be fed', async () => {
    const alone = await model.variant?.({ only: ['relu'], layers: { relu: { params: { slope: 2 } } } })
    expect(alone?.inputs).toEqual([{ name: 'y0' }])
    expect([...((await alone?.run({ y0: [-1, 3] }))?.z.data ?? [])]).toEqual([-2, 3])
  })

  test('of a variant has both changes', async () => {
    const first = await model.variant?.({ layers: { relu: { params: { slope: 1 } } } })
    const second = await first?.variant?.({ layers: { sub: { params: { op_type: 0 } } } })
    expect(await outputsOf(second)).toEqual([[26, -26]])
  })

  test('says what it cannot change', async () => {
    const failure = (settings: Parameters<NonNullable<Model['variant']>>[0]) =>
      expect(model.variant?.(settings)).rejects
    await failure({ layers: { relux: {} } }).toThrow('param has no layer "relux"')
    await failure({ layers: { relu: { params: { slop: 1 } } } }).toThrow('has no parameter "slop"; ReLU has slope')
    await failure({ layers: { fc: { type: 'ReLU' } } }).toThrow('cannot become a ReLU: it has weights')
    await failure({ layers: { relu: { type: 'Rely' } } }).toThrow('ncnn has no such layer type')
    const weights = { weight_data: { data: new Float32Array(3), shape: [3], dtype: 'float32' } as const }
    await failure({ layers: { fc: { weights } } }).toThrow('must be 4 elements of float32, got 3 of float32')
    await failure({ layers: { fc: { weights: { weight: weights.weight_data } } } }).toThrow(
      'has no weight "weight"; it has weight_data, bias_data',
    )
  })
})

describe('a layer that is written anew', () => {
  test('computes the same, whatever its parameters', async () => {
    for (const { name, param, bin, inputs } of readFixtures().fixtures) {
      const original = await loadNcnn({ param, bin })
      const written = await original.variant?.({
        layers: Object.fromEntries(original.layers.map((layer) => [layer.name, {}])),
      })
      const [found, wanted] = [(await written?.run(inputs)) ?? {}, await original.run(inputs)]
      // comparing numbers takes most of the time, and is for those who have to read which of them differ
      if (!haveSameBits(bitsOf(found), bitsOf(wanted))) expect(found, name).toEqual(wanted)
      original.close()
      written?.close()
    }
  })
})

describe('a layer', () => {
  test('shows its parameters and weights', async () => {
    const { params, weights, computesInInt8 } = (await model.inspectLayer?.('fc')) ?? {}
    expect(params).toMatchObject({ num_output: 2, bias_term: 1, activation_type: 0 })
    expect(weights).toMatchObject([
      { name: 'weight_data', shape: [2, 2], storage: 'fp32', isCompressible: true },
      { name: 'bias_data', shape: [2, 1], storage: 'fp32', isCompressible: false },
    ])
    expect(await weights?.[0].read()).toEqual({ data: Float32Array.of(1, 2, 3, 4), shape: [2, 2], dtype: 'float32' })
    expect(computesInInt8).toBe(false)
    await expect(model.inspectLayer?.('fx')).rejects.toThrow('param has no layer "fx"')
  })

  test('says how long its sums are', async () => {
    const sumLength = async (layer: string, inputs: number[][], outputs: number[][]) =>
      (await model.inspectLayer?.(layer))?.sumLength(inputs, outputs)
    expect(await sumLength('fc', [[2]], [[2]])).toBe(2)
    expect(await sumLength('relu', [[2]], [[2]])).toBe(0)
    expect(await sumLength('sub', [[2], [2]], [[2]])).toBe(1)
  })

  test('can be every alternative that it names', async () => {
    for (const { name } of model.layers) {
      const { alternatives = [], scalars = [] } = (await model.inspectLayer?.(name)) ?? {}
      for (const { change } of alternatives) (await model.variant?.({ layers: { [name]: change } }))?.close()
      for (const { change, value } of scalars)
        (await model.variant?.({ layers: { [name]: change(value + 1) } }))?.close()
    }
  })
})
