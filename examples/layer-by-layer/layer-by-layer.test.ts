// Which layer is to blame? One is damaged on purpose and has to be named; where nothing is wrong, nobody may be.
import { diagnose, loadRecording } from 'expect-tensor/analysis'
import { readTensor } from 'expect-tensor/files'
import { loadNcnn, type Model, ncnnOptionSets, presentEngines, type VariantSettings } from 'expect-tensor/ncnn'
import { loadOnnx } from 'expect-tensor/onnx'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const voiceprint = (path: string) => new URL(`../voiceprint/${path}`, import.meta.url)

const fbank = await readTensor(voiceprint('data/ecapa.safetensors'), { name: 'fbank/hugo-1' })
const inputs = { in0: fbank }
/** PyTorch, and so the recording of it, has a batch axis. */
const referenceInputs = { features: { ...fbank, shape: [1, ...fbank.shape] } }

const isMissing = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'missing-dependency'
/** PyTorch's own ONNX export in ONNX Runtime, which has every tensor; undefined where that is not installed. */
const onnx = await loadOnnx(voiceprint('models/ecapa.onnx')).catch((error) => {
  if (!isMissing(error)) throw error
  return undefined
})
const recording = await loadRecording(voiceprint('data/ecapa.torch.safetensors'))

let fp32: Model
let fp16: Model
beforeAll(async () => {
  fp32 = await loadNcnn(voiceprint('models/ecapa-fp32.ncnn.param'))
  fp16 = await loadNcnn(voiceprint('models/ecapa-fp16.ncnn.param'))
})
afterAll(() => {
  for (const model of [fp32, fp16, onnx]) model?.close()
})

async function damage(layers: VariantSettings['layers']): Promise<Model> {
  const damaged = await fp32.variant?.({ layers })
  if (damaged === undefined) throw new Error('ncnn models have variants')
  return damaged
}

describe.skipIf(onnx === undefined)('against ONNX, which has every tensor', () => {
  const reference = onnx as Model

  test.each([
    ['pad_121', { type: 0 }, 'it pads by reflect'],
    ['bn_14', { eps: 1e-3 }, 'its eps is'],
    ['softmax_82', { axis: 0 }, 'its axis is 1 instead of 0'],
  ])('the damaged layer is named, and repaired: %s', async (layer, params, what) => {
    const damaged = await damage({ [layer]: { params } })
    const { culprits, cause, repair } = await diagnose(damaged, reference, { inputs })
    expect(culprits.map((culprit) => culprit.layer)).toEqual([layer])
    expect(cause).toBe('parameter')
    expect(repair?.what).toContain(what)
    const repaired = await damaged.variant?.(repair?.settings ?? {})
    expect(await repaired?.run(inputs)).toEqual(await fp32.run(inputs))
    for (const model of [damaged, repaired]) model?.close()
  })

  test('of float32 weights nobody is to blame', async () => {
    expect(await diagnose(fp32, reference, { inputs })).toMatchObject({ verdict: 'grows evenly', cause: 'float32' })
  })

  test('of float16 weights nobody is to blame, and they are the cause', async () => {
    expect(await diagnose(fp16, reference, { inputs })).toMatchObject({
      verdict: 'grows evenly',
      culprits: [],
      cause: 'fp16-weights',
    })
  })
})

describe('against five recorded tensors of PyTorch', () => {
  test('the damaged layer is named: a run shows which of the 38 between two tensors it is', async () => {
    const damaged = await damage({ pad_121: { params: { type: 0 } } })
    const { culprits } = await diagnose(damaged, recording, { inputs, referenceInputs })
    expect(culprits).toHaveLength(1)
    expect(culprits[0]).toMatchObject({ layer: 'pad_121', segment: ['pad_121'], cause: 'parameter' })
    damaged.close()
  })

  test('none is named where nothing is wrong', async () => {
    const { verdict } = await diagnose(fp32, recording, { inputs, referenceInputs })
    expect(verdict).toBe('grows evenly')
  })
})

describe.each(await presentEngines(['python']))('the real ncnn under its default options', (engine) => {
  test('differs by the last layer alone, whose weights it keeps in float16', async () => {
    const model = await loadNcnn(voiceprint('models/ecapa-fp32.ncnn.param'), { engine, ncnn: ncnnOptionSets.default })
    const { culprits, cause, repair } = await diagnose(model, recording, { inputs, referenceInputs })
    expect(culprits.map(({ layer, type }) => [layer, type])).toEqual([['linear_45', 'InnerProduct']])
    expect(cause).toBe('fp16-weights')
    expect(repair?.what).toContain('useFp16Storage')
    model.close()
  })
})
