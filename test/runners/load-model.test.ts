import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadModel } from '../../src/runners/load-model.ts'
import { image } from '../analysis/small-network.ts'
import { type SmallModel, writeSmallModel } from '../cli/small-model.ts'

let files: SmallModel
beforeAll(async () => {
  files = await writeSmallModel()
})
afterAll(() => files.remove())

test('loads an ncnn model by its name, with options', async () => {
  const model = await loadModel(files.right, { ncnn: { ncnn: { useBf16Storage: true } } })
  expect(model.runtime.options).toMatchObject({ useBf16Storage: true })
  expect(Object.keys(await model.run({ in: image() }))).toEqual(['out'])
  model.close()
})

test.each([
  ['model.onnx', 'OnnxError'],
  ['model.tflite', 'LitertError'],
  ['model/model_pnnx.py', 'TorchError'],
  ['model.pt', 'TorchError'],
  ['model.ncnn.param.bin', 'NcnnError'],
])('leaves %s to the runtime that it is made for', async (path, name) => {
  await expect(loadModel(path)).rejects.toMatchObject({ name, message: expect.stringContaining(path) })
})

test.each(['model', 'model.pb', 'model.bin'])('refuses %s', async (path) => {
  await expect(loadModel(path)).rejects.toMatchObject({ code: 'wrong-option', message: expect.stringContaining(path) })
})
