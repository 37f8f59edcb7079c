// What a page's test does with models: in an environment that has a document, and lacks some of Node's globals.
const { mkdtempSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')

const param = '7767517\n2 2\nInput in0 0 1 in0\nReLU relu 1 1 in0 out0\n'

module.exports = async function work(subject) {
  const { decodeNpy, encodeNpy, expect, inspectNcnn, loadNcnn, readTensor, readTensors, writeTensor, writeTensors } =
    subject
  if (typeof document !== 'object') throw new Error('this is no DOM environment')
  const folder = mkdtempSync(join(tmpdir(), 'consumer-'))
  const path = join(folder, 'relu.param')
  writeFileSync(path, param)
  writeFileSync(join(folder, 'relu.bin'), '')
  const sources = [path, { param, bin: new Uint8Array() }, { param: Buffer.from(param), bin: new Uint8Array() }]
  for (const source of sources) {
    const model = await loadNcnn(source)
    const { out0 } = await model.run({ in0: new Float32Array([-1, 2]) })
    expect(out0).toMatchTensor([0, 2])
    const exact = await model.variant({ precision: 'float64' })
    expect((await exact.run({ in0: new Float32Array([-1, 2]) })).out0).toMatchTensor([0, 2])
    for (const each of [model, exact]) each.close()
    for (const name of ['out0.npy', 'out0.npz', 'out0.safetensors']) {
      await writeTensor(join(folder, name), out0)
      expect(await readTensor(join(folder, name))).toMatchTensor([0, 2])
    }
    await writeTensors(
      join(folder, 'both.npz'),
      Object.fromEntries([
        ['größe', out0],
        ['b', [1]],
      ]),
    )
    expect(Object.keys(await readTensors(join(folder, 'both.npz'))).sort()).toEqual(['b', 'größe'])
    expect(decodeNpy(encodeNpy(out0))).toMatchTensor(out0)
  }
  expect((await inspectNcnn(path)).layers).toHaveLength(2)
  expect(() => expect(new Float32Array([0, 1])).toMatchTensor([0, 2])).toThrow(/Tensors do not match/)
}
