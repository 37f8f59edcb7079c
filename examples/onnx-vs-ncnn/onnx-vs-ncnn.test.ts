// A network in ONNX Runtime and in ncnn: the right conversion gives the same, and of the wrong one it is known what is wrong.
import { compareModels, diagnose } from 'expect-tensor/analysis'
import { readTensor } from 'expect-tensor/files'
import { loadNcnn } from 'expect-tensor/ncnn'
import { loadOnnx } from 'expect-tensor/onnx'
import { afterAll, describe, expect, test } from 'vitest'

const here = (path: string) => new URL(path, import.meta.url)

const image = await readTensor(here('data/image.npy'))
const inputs = { in0: image }
const onnx = await loadOnnx(here('models/segment.onnx'))
const right = await loadNcnn(here('models/segment.ncnn.param'))
const wrong = await loadNcnn(here('models/wrong.ncnn.param'), { bin: here('models/segment.ncnn.bin') })
afterAll(() => {
  for (const model of [onnx, right, wrong]) model.close()
})

describe('as pnnx converts it', () => {
  test('the outputs are those of ONNX Runtime', async () => {
    const { out0: expected } = await onnx.run({ in0: { ...image, shape: [1, ...image.shape] } })
    const { out0 } = await right.run(inputs)
    expect(out0).toMatchTensor(expected, { atol: 1e-5, squeeze: true })
  })

  test('and so is every layer', async () => {
    const { pass, layers, unmatched } = await compareModels(right, onnx, { inputs, atol: 1e-5 })
    expect(pass).toBe(true)
    expect(unmatched).toEqual([])
    for (const { layer, factor } of layers) expect(factor, layer).toBeLessThan(10)
  })

  test('nobody is to blame', async () => {
    expect(await diagnose(right, onnx, { inputs })).toMatchObject({ verdict: 'grows evenly', cause: 'float32' })
  })
})

describe('without align_corners', () => {
  test('both layers that resize are named, and nothing else', async () => {
    const { culprits } = await diagnose(wrong, onnx, { inputs })
    expect(culprits.map(({ layer, cause }) => `${layer}: ${cause}`).sort()).toEqual([
      'upsample_11: parameter',
      'upsample_12: parameter',
    ])
    for (const { evidence } of culprits) expect(evidence).toContain('align_corner')
  })

  test('repaired one after the other, they are right', async () => {
    let model = wrong
    for (const remaining of [2, 1]) {
      const { culprits, repair } = await diagnose(model, onnx, { inputs })
      expect(culprits).toHaveLength(remaining)
      const repaired = await model.variant?.(repair?.settings ?? {})
      if (repaired === undefined) throw new Error('ncnn models have variants')
      model = repaired
    }
    expect(await model.run(inputs)).toEqual(await right.run(inputs))
    model.close()
  })
})

describe('fed with BGR', () => {
  test('the inputs are to blame, not a layer', async () => {
    const plane = 48 * 48
    const bgr = Float32Array.from(image.data as Float32Array, (_, i) => {
      const channel = Math.floor(i / plane)
      return Number(image.data[(2 - channel) * plane + (i % plane)])
    })
    const { verdict, causes } = await diagnose(right, onnx, {
      inputs: { in0: { ...image, data: bgr } },
      referenceInputs: { in0: { ...image, shape: [1, ...image.shape] } },
    })
    expect(verdict).toBe('inputs differ')
    expect(causes[0].evidence).toMatch(/BGR/)
  })
})
