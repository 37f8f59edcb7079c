// How far is each engine from PyTorch, under each set of ncnn's options? Prints a table: `npm run engines`.
// Engines that are not here are left out, and said so: EXPECT_TENSOR_PYTHON names a Python with the ncnn wheel, NCNN_LIBRARY a libncnn.
import { compareTensors } from 'expect-tensor'
import { readTensors } from 'expect-tensor/files'
import { engineCases, findEngines } from 'expect-tensor/ncnn'

const options = ['reference', 'default', 'default without fp16', 'default without Winograd', 'bf16 storage']
const networks = [
  { model: 'ecapa-fp32', data: 'ecapa', features: 'fbank' },
  { model: 'ecapa-fp16', data: 'ecapa', features: 'fbank' },
  { model: 'voice-encoder-fp16', data: 'voice-encoder', features: 'mel' },
]

const here = (path) => new URL(path, import.meta.url)

/** The largest error of any element of any of the twelve embeddings, raw and after both sides are scaled to length 1. */
async function drift({ load }, { model: name, data, features }) {
  const tensors = await readTensors(here(`data/${data}.safetensors`))
  const model = await load(here(`models/${name}.ncnn.param`))
  let [raw, normalized] = [0, 0]
  for (const key of Object.keys(tensors)) {
    const [kind, utterance] = key.split('/')
    if (kind !== 'embedding') continue
    const { out0 } = await model.run({ in0: tensors[`${features}/${utterance}`] })
    raw = Math.max(raw, compareTensors(out0, tensors[key]).absDiff.max)
    normalized = Math.max(normalized, compareTensors(out0, tensors[key], { normalize: 'l2' }).absDiff.max)
  }
  model.close()
  return [raw, normalized]
}

const present = []
for (const { engine, version, missing } of await findEngines(['wasm', 'python', 'native'])) {
  if (missing === undefined) present.push(engine)
  console.log(`${engine.name.padEnd(8)}${version ?? `left out: ${missing.replaceAll('\n', '\n        ')}`}`)
}
console.log(
  `\nLargest error against PyTorch in float32\n${'model'.padEnd(20)}${'engine, options'.padEnd(36)}raw       L2`,
)
for (const network of networks) {
  for (const engineCase of engineCases(present, { options })) {
    const [raw, normalized] = await drift(engineCase, network)
    const numbers = `${raw.toExponential(1).padEnd(10)}${normalized.toExponential(1)}`
    console.log(`${network.model.padEnd(20)}${engineCase.name.padEnd(36)}${numbers}`)
  }
}
