import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeSafetensors } from 'expect-tensor/files'
import { loadNcnn } from 'expect-tensor/ncnn'
import { expect, test } from 'vitest'

test('snapshots', () => {
  const output = Float32Array.from({ length: 2000 }, (_, i) => i * 0.001)
  expect(output).toMatchTensorSnapshot({ atol: 1e-4 })
  expect({ out0: output, out1: [1, 2] }).toMatchTensorSnapshot('outputs', { storage: 'fingerprint' })
})

test('of what a model computed name the engine', async () => {
  const param = '7767517\n2 2\nInput in0 0 1 in0\nReLU relu 1 1 in0 out0\n'
  const model = await loadNcnn({ param, bin: new Uint8Array() })
  expect((await model.run({ in0: [-1, 2] })).out0).toMatchTensorSnapshot()
  const folder = join(import.meta.dirname, '__snapshots__', 'snapshots.test.js.tensors')
  const [file] = readdirSync(folder).filter((name) => name.startsWith('of-what-a-model'))
  expect(decodeSafetensors(readFileSync(join(folder, file))).metadata.engine).toBe('wasm')
})
