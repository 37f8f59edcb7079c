// Meant to fail: half-precision weights cannot meet a tolerance for single precision. The message says so.
import { readTensors } from 'expect-tensor/files'
import { loadNcnn } from 'expect-tensor/ncnn'
import { expect, test } from 'vitest'

const here = (path: string) => new URL(path, import.meta.url)

test('fp16 weights against a tolerance for fp32', async () => {
  const data = await readTensors(here('data/ecapa.safetensors'))
  const model = await loadNcnn(here('models/ecapa-fp16.ncnn.param'))
  const { out0 } = await model.run({ in0: data['fbank/annie-1'] })
  expect(out0).toMatchTensor(data['embedding/annie-1'], { atol: 1e-5 })
})
