// The example's networks in every runtime that is here: one network, the same numbers.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readTensors, writeTensors } from '../../src/files/index.ts'
import { tensorMatchers } from '../../src/index.ts'
import { loadRecording, recordActivations } from '../../src/model-analysis.ts'
import { loadNcnn, nativeEngine, pythonEngine } from '../../src/runners/ncnn/index.ts'
import { loadOnnx, type Model } from '../../src/runners/onnx/index.ts'
import { loadTorch } from '../../src/runners/torch/index.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import { hasPackages, pythonWith } from './present.ts'
import { ecapaWeights, example, voiceEncoderWeights } from './voiceprint-weights.ts'

expect.extend(tensorMatchers)

const [torchPython, ncnnPython] = [pythonWith('torch'), pythonWith('ncnn')]
const library = process.env.NCNN_LIBRARY

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'expect-tensor-'))
  if (torchPython === undefined) return
  await writeTensors(join(folder, 'ecapa.npz'), await ecapaWeights())
  await writeTensors(join(folder, 'voice-encoder.npz'), await voiceEncoderWeights())
  const script = fileURLToPath(new URL('voiceprint_models.py', import.meta.url))
  execFileSync(torchPython, ['-B', script, fileURLToPath(example('.')), folder], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** How a runtime gets at a network; undefined where the runtime, or the network's file, is not here. */
interface Candidate {
  readonly name: string
  /** ncnn's shapes leave the batch out. */
  readonly batched: boolean
  readonly load: (() => Promise<Model>) | undefined
  /** A file that may be missing nevertheless: not every PyTorch can export ONNX by itself. */
  readonly needs?: () => string
}

const when = <Result>(present: unknown, load: () => Promise<Result>) => (present ? load : undefined)

function candidates(ncnn: string, network: 'ecapa' | 'voice-encoder'): Candidate[] {
  const param = example(`models/${ncnn}.ncnn.param`)
  // The voice encoder's is exported by the PyTorch that is here.
  const onnx = () =>
    network === 'ecapa' ? fileURLToPath(example('models/ecapa.onnx')) : join(folder, `${network}.onnx`)
  const hasOnnx = network === 'ecapa' || torchPython !== undefined
  const wheel = pythonEngine({ python: ncnnPython })
  return [
    { name: 'ncnn, wheel', batched: false, load: when(ncnnPython, () => loadNcnn(param, { engine: wheel })) },
    {
      name: 'ncnn, shared library',
      batched: false,
      load: when(library, () => loadNcnn(param, { engine: nativeEngine() })),
    },
    ...(['web', 'node'] as const).map((engine) => ({
      name: `onnxruntime-${engine}`,
      batched: true,
      load: when(hasOnnx && hasPackages(`onnxruntime-${engine}`), () => loadOnnx(onnx(), { engine })),
      needs: onnx,
    })),
    {
      name: 'torch',
      batched: true,
      load: when(torchPython, () => loadTorch(join(folder, `${network}.pt`), { python: torchPython })),
    },
  ]
}

const reshape = (tensor: Tensor, shape: readonly number[]): Tensor => ({ ...tensor, shape })

describe.each([
  ['ecapa-fp32', 'ecapa', 'fbank'],
  // Its LSTM, which was trained in float32, has the weights of the fp16 file in PyTorch as well.
  ['voice-encoder-fp16', 'voice-encoder', 'mel'],
] as const)('%s', (ncnn, network, features) => {
  describe.each(candidates(ncnn, network))('$name', ({ batched, load, needs }) => {
    test.skipIf(load === undefined)('agrees with the built-in engine to 2e-5', async ({ skip }) => {
      if (needs !== undefined) skip(!existsSync(needs()), 'this PyTorch cannot export ONNX')
      const tensors = await readTensors(example(`data/${network}.safetensors`))
      using builtIn = await loadNcnn(example(`models/${ncnn}.ncnn.param`))
      using model = await (load as () => Promise<Model>)()
      const [[input], [output]] = [model.inputs, model.outputs]
      for (const utterance of ['annie-1', 'linda-2', 'hugo-3', 'victor-1']) {
        const fed = tensors[`${features}/${utterance}`]
        const { out0: expected } = await builtIn.run({ in0: fed })
        const shape = batched ? [1, ...fed.shape] : fed.shape
        const { [output.name]: embedding } = await model.run({ [input.name]: reshape(fed, shape) })
        expect(embedding).toMatchTensor(reshape(expected, batched ? [1, ...expected.shape] : expected.shape), {
          atol: 2e-5,
        })
      }
    })
  })
})

describe('the blobs of the ECAPA-TDNN', () => {
  test.skipIf(torchPython === undefined)('in PyTorch: of every layer, and from any layer on', async () => {
    const { 'fbank/hugo-1': fed } = await readTensors(example('data/ecapa.safetensors'))
    using model = await loadTorch(join(folder, 'ecapa.pt'), { python: torchPython })
    const all = await model.run({ features: reshape(fed, [1, 200, 80]) }, { outputs: 'all' })
    expect(Object.keys(all)).toEqual(model.blobs)
    expect(all['blocks.1.layers.3.gate']).toHaveShape([1, 128, 1])
    const { out0 } = await model.run({ pooling: all.pooling })
    expect(out0).toMatchTensor(all.out0, { preset: 'exact' })
  })

  test.skipIf(torchPython === undefined)('from a recording, without PyTorch', async () => {
    const { 'fbank/hugo-1': fed } = await readTensors(example('data/ecapa.safetensors'))
    const features = reshape(fed, [1, 200, 80])
    using model = await loadTorch(join(folder, 'ecapa.pt'), { python: torchPython })
    const path = join(folder, 'ecapa.torch.safetensors')
    await recordActivations(model, { features }, path)
    using recording = await loadRecording(path)
    expect(recording.runtime).toEqual(model.runtime)
    expect(await recording.run({ features }, { outputs: 'all' })).toEqual(
      await model.run({ features }, { outputs: 'all' }),
    )
  })
})
