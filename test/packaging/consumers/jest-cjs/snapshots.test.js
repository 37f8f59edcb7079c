const { readdirSync, readFileSync } = require('node:fs')
const { join } = require('node:path')
const { decodeSafetensors } = require('expect-tensor/files')
const { loadNcnn } = require('expect-tensor/ncnn')

test('snapshots', () => {
  const output = Float32Array.from({ length: 2000 }, (_, i) => i * 0.001)
  expect(output).toMatchTensorSnapshot({ atol: 1e-4 })
  expect({ out0: output, out1: [1, 2] }).toMatchTensorSnapshot('outputs', { storage: 'fingerprint' })
})

test('of what a model computed name the engine', async () => {
  const param = '7767517\n2 2\nInput in0 0 1 in0\nReLU relu 1 1 in0 out0\n'
  const model = await loadNcnn({ param, bin: new Uint8Array() })
  expect((await model.run({ in0: [-1, 2] })).out0).toMatchTensorSnapshot()
  const folder = join(__dirname, '__snapshots__', 'snapshots.test.js.tensors')
  const [file] = readdirSync(folder).filter((name) => name.startsWith('of-what-a-model'))
  expect(decodeSafetensors(readFileSync(join(folder, file))).metadata.engine).toBe('wasm')
})
