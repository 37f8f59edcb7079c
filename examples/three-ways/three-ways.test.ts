// One network in ncnn, ONNX and LiteRT: one suite over all that is installed.
import { compareModels } from 'expect-tensor/analysis'
import { readTensors } from 'expect-tensor/files'
import { describe, expect, test } from 'vitest'
import { open, ways } from './ways.mjs'

const expected = await readTensors(new URL('data/expected.npz', import.meta.url))

describe.each(Object.entries(ways))('%s', (name, way) => {
  test('computes what float64 gives', async ({ skip }) => {
    using model = await open(way)
    if (model === undefined) return skip('its runtime is not installed')
    const results = await model.run({ image: way.image }, { outputs: ['sum_out', 'probabilities'] })
    // What ncnn does by itself: weights of half precision.
    const atol = name.includes('fp16') ? 1e-3 : 1e-6
    expect(results.probabilities).toMatchTensor(expected.probabilities, { atol, squeeze: true })
    expect(results.sum_out).toMatchTensor(expected.sum_out, { atol: 10 * atol, squeeze: true, layout: way.layout })
  })
})

test.each(['ncnn, built in', 'LiteRT.js'] as const)(
  'every layer of %s is that of ONNX, whatever its layout',
  async (name) => {
    using onnx = await open(ways['ONNX Runtime Web'])
    using model = await open(ways[name])
    const { pass, layers, unmatched } = await compareModels(model, onnx, {
      inputs: { image: ways[name].image },
      referenceInputs: { image: ways['ONNX Runtime Web'].image },
      atol: 1e-6,
    })
    expect(pass).toBe(true)
    expect(unmatched).toEqual([])
    for (const { layer, factor } of layers) expect(factor, layer).toBeLessThan(10)
  },
)
