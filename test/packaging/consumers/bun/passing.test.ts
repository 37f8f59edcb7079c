import { expect, test } from 'bun:test'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readTensor, writeTensor } from 'expect-tensor/files'
import { loadNcnn } from 'expect-tensor/ncnn'

const reference = new Float32Array([0.1, -0.2, 0.3])
const drifted = new Float32Array([0.1001, -0.2, 0.3])

test('every matcher is there', () => {
  expect(drifted).toMatchTensor(reference, { atol: 1e-3 })
  expect(drifted).not.toMatchTensor(reference, { atol: 1e-5 })
  expect({ emb: drifted }).toMatchTensors({ emb: reference }, { atol: 1e-3 })
  expect(drifted).toAgreeOnTopK(reference, 1)
  expect(drifted).toHaveShape([3])
  expect(drifted).toHaveDtype('float32')
  expect(drifted).toBeFiniteTensor()
  expect({ id: 7, emb: drifted }).toEqual({ id: 7, emb: expect.tensorCloseTo(reference, { atol: 1e-3 }) })
  expect({ id: 7, emb: drifted }).toEqual({ id: 7, emb: expect.not.tensorCloseTo(reference, { atol: 1e-5 }) })
})

test('a mistake is an error, under .not too', () => {
  // @ts-expect-error: no such option
  expect(() => expect(drifted).not.toMatchTensor(reference, { atoll: 1e-3 })).toThrow(/atol/)
})

test('models, layer by layer, and files', async () => {
  const param = '7767517\n2 2\nInput in0 0 1 in0\nReLU relu 1 1 in0 out0\n'
  const model = await loadNcnn({ param, bin: new Uint8Array() })
  const { out0 } = await model.run({ in0: new Float32Array([-1, 2]) })
  const file = join(mkdtempSync(join(tmpdir(), 'consumer-')), 'out0.npz')
  await writeTensor(file, out0 ?? [])
  expect(await readTensor(file)).toMatchTensor([0, 2])
  const exact = (await model.variant?.({ precision: 'float64' })) ?? model
  await expect(model).toMatchModel(exact, { inputs: { in0: [-1, 2] } })
  model.close()
})

test('a model computes in several threads', async () => {
  const param = '7767517\n2 2\nInput in 0 1 in0\nSigmoid sigmoid 1 1 in0 out0\n'
  const in0 = Float32Array.from({ length: 100_000 }, (_, i) => i / 50_000 - 1)
  const outputs = []
  for (const numThreads of [1, 3]) {
    const model = await loadNcnn({ param, bin: new Uint8Array() }, { ncnn: { numThreads } })
    outputs.push((await model.run({ in0 })).out0 ?? [])
    model.close()
  }
  expect(outputs[1]).toMatchTensor(outputs[0] ?? [], { preset: 'exact' })
})
