// What becomes of a network when its converter is upgraded. PNNX=20251119 runs the suite on the file from before.
import { diagnose, loadRecording } from 'expect-tensor/analysis'
import { readTensor } from 'expect-tensor/files'
import { loadNcnn } from 'expect-tensor/ncnn'
import { afterAll, expect, test } from 'vitest'

const here = (path: string) => new URL(path, import.meta.url)

const release = process.env.PNNX || '20261020'
const image = await readTensor(here('data/image.npy'))
const inputs = { in0: { ...image, shape: image.shape.slice(1) } }
const model = await loadNcnn(here(`models/${release}/cnn.ncnn.param`))
afterAll(() => model.close())

test('the output is that of PyTorch', async () => {
  const { out0 } = await model.run(inputs)
  expect(out0).toMatchTensor(await readTensor(here('data/pytorch.npy')), { atol: 1e-6, squeeze: true })
})

test('the output is that of before the upgrade', async () => {
  const { out0 } = await model.run(inputs)
  expect(out0).toMatchTensorSnapshot({ atol: 1e-6 })
})

test('of the layers, those that are known to have moved', async () => {
  const before = await loadRecording(here('data/before.safetensors'))
  const diagnosis = await diagnose(model, before, { inputs })
  const moved = release === '20251119' ? [] : ['HardSwish']
  expect(
    diagnosis.culprits.map(({ type }) => type),
    String(diagnosis),
  ).toEqual(moved)
})
