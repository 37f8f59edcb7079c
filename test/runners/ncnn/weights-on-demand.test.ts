// Weights that are read when their layer runs: networks larger than WebAssembly's memory, and what may go wrong with the file meanwhile.
import { mkdtemp, open, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadNcnn } from '../../../src/runners/ncnn/index.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weights-on-demand-'))
})
afterAll(() => rm(folder, { recursive: true }))

const network = (...layers: readonly string[]): string => {
  const lines = ['Input in 0 1 x', ...layers]
  return ['7767517', `${lines.length} ${lines.length}`, ...lines].join('\n')
}
const bytesOf = (...floats: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(floats).buffer)

/** The tag of a weight that is stored in float32. */
const float32Tag = 0

describe('a network of 5 GiB', () => {
  const features = 2 ** 13
  const weights = 2 ** 28
  const layerBytes = 4 + 4 * weights
  let path: string

  beforeAll(async () => {
    path = join(folder, 'deep.param')
    const large = Array.from(
      { length: 5 },
      (_, i) => `InnerProduct fc${i} 1 1 x y${i} 0=${weights / features} 2=${weights}`,
    )
    await writeFile(path, network(...large, 'InnerProduct last 1 1 x out 0=2 2=16'))
    const bin = await open(join(folder, 'deep.bin'), 'w')
    // Holes take no space.
    await bin.truncate(large.length * layerBytes)
    await bin.write(bytesOf(float32Tag, ...Array(16).keys()), 0, undefined, large.length * layerBytes)
    await bin.close()
  })

  test('loads, and runs what is asked for', async () => {
    using model = await loadNcnn(path)
    const { out } = await model.run({ x: new Float32Array(8).fill(1) }, { outputs: ['out'] })
    expect([...out.data]).toEqual([28, 92])
  })

  test('is refused where all weights shall be in memory, with what to do', async () => {
    await expect(loadNcnn(path, { weightsOnDemand: false })).rejects.toThrow(
      /deep\.bin: the weights take 5\.1 GiB of memory \(float32\), but WebAssembly addresses 4\.0 GiB\. Leave out weightsOnDemand: false/,
    )
  })
})

test('a file that has changed since is refused', async () => {
  const path = join(folder, 'changing.param')
  const bin = join(folder, 'changing.bin')
  await writeFile(path, network('InnerProduct fc 1 1 x out 0=1 2=2'))
  await writeFile(bin, bytesOf(float32Tag, 1, 2))
  using model = await loadNcnn(path, { weightsOnDemand: true })
  expect([...(await model.run({ x: [3, 1] })).out.data]).toEqual([5])
  await writeFile(bin, bytesOf(float32Tag, 1, 3))
  await utimes(bin, 1, 1)
  await expect(model.run({ x: [3, 1] })).rejects.toThrow(/changing\.bin has changed since the model was loaded/)
})

test('a variant reads weights as it has them', async () => {
  const param = network('InnerProduct fc 1 1 x out 0=1 2=2')
  using model = await loadNcnn({ param, bin: bytesOf(float32Tag, 1 / 3, 2) }, { weightsOnDemand: true })
  using rounded = await model.variant?.({ weights: 'float16' })
  const third = 0x555 / 2 ** 12
  expect((await rounded?.run({ x: [3, 1] }))?.out.data[0]).toBe(3 * third + 2)
})

test('a layer whose weights do not fit its parameters is named when it runs, and the model still runs', async () => {
  const param = network('InnerProduct fc 1 1 x out 0=2 2=3', 'InnerProduct sum 1 1 x total 0=1 2=1')
  using model = await loadNcnn({ param, bin: bytesOf(float32Tag, 1, 2, 3, float32Tag, 2) }, { weightsOnDemand: true })
  await expect(model.run({ x: [3] })).rejects.toThrow(/layer "fc".* cannot be loaded: weight_data_size 3 is not/)
  expect([...(await model.run({ x: [3] }, { outputs: ['total'] })).total.data]).toEqual([6])
})
