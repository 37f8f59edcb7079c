// The set-up of the README, no import of expect-tensor/vitest, under the strictest rules: the types come from "types" in tsconfig.json.
import { type CompareOptions, compareTensors, type Model, summarize } from 'expect-tensor'
import { readTensor } from 'expect-tensor/files'
import { type LoadNcnnOptions, loadNcnn } from 'expect-tensor/ncnn'
import { expect, test, vi } from 'vitest'

const settings: { atol?: number } = {}
// with exactOptionalPropertyTypes, what may be undefined must say so
const options: CompareOptions = { atol: settings.atol, rtol: undefined, metrics: { cosine: undefined } }
const ncnn: LoadNcnnOptions = { precision: undefined, ncnn: { numThreads: undefined } }

async function run(model: Model): Promise<number> {
  const { out0 } = await model.run({ in0: await readTensor('in0.npy') }, { outputs: undefined })
  if (out0 === undefined) throw new Error('no out0')
  expect(out0).toMatchTensor([0, 2], options)
  expect({ out0 }).toEqual({ out0: expect.tensorCloseTo([0, 2]) })
  const onOutput = vi.fn<(data: Float32Array) => void>()
  expect(onOutput).toHaveBeenCalledWith(expect.tensorCloseTo([0, 2]))
  await expect(Promise.resolve(out0)).resolves.toHaveShape([2])
  await expect(model).toMatchModel(model, { inputs: { in0: [1, 2] }, atol: undefined })
  return summarize(compareTensors(out0, [0, 2], options)).pass ? 0 : 1
}

test('types only', async () => {
  await run(await loadNcnn('net.param', ncnn))
})
