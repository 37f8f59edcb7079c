// Names the layer at which a converted model parts from its reference: `npm run diagnose`.
// The reference is PyTorch's ONNX export where ONNX Runtime is installed, else a recording of five tensors of PyTorch.
// EXPECT_TENSOR_PYTHON names a Python with the ncnn wheel; without one the last part is skipped.
import { diagnose, loadRecording } from 'expect-tensor/analysis'
import { readTensor } from 'expect-tensor/files'
import { findEngines, loadNcnn, ncnnOptionSets } from 'expect-tensor/ncnn'
import { loadOnnx } from 'expect-tensor/onnx'

const voiceprint = (path) => new URL(`../voiceprint/${path}`, import.meta.url)

const fbank = await readTensor(voiceprint('data/ecapa.safetensors'), { name: 'fbank/hugo-1' })
const inputs = { in0: fbank }

/** The reference, and what else `diagnose` needs to feed it. */
async function findReference() {
  try {
    return { reference: await loadOnnx(voiceprint('models/ecapa.onnx')), options: { inputs } }
  } catch (error) {
    if (error.code !== 'missing-dependency') throw error
    const referenceInputs = { features: { ...fbank, shape: [1, ...fbank.shape] } }
    return {
      reference: await loadRecording(voiceprint('data/ecapa.torch.safetensors')),
      options: { inputs, referenceInputs },
    }
  }
}

const { reference, options } = await findReference()
console.log(`The reference is ${reference.runtime.name} ${reference.runtime.version}.`)

async function report(title, model) {
  console.log(`\n=== ${title}\n\n${await diagnose(model, reference, options)}`)
  model.close()
}

const fp32 = await loadNcnn(voiceprint('models/ecapa-fp32.ncnn.param'))
await report(
  'The padding of one convolution of 38 lost its mode: zeros instead of a reflection',
  await fp32.variant({ layers: { pad_121: { params: { type: 0 } } } }),
)
await report('pnnx with fp16=1, its default', await loadNcnn(voiceprint('models/ecapa-fp16.ncnn.param')))

const [{ engine, missing }] = await findEngines(['python'])
if (missing === undefined) {
  const settings = { engine, ncnn: ncnnOptionSets.default }
  await report(
    'pnnx with fp16=0, in the real ncnn with its default options',
    await loadNcnn(voiceprint('models/ecapa-fp32.ncnn.param'), settings),
  )
} else {
  console.log(`\n=== The real ncnn: SKIPPED, there is no Python with the ncnn wheel\n\n${missing}`)
}
fp32.close()
reference.close()
