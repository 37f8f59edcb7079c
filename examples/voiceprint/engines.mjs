// How far is each engine from PyTorch, under each set of ncnn's options? Prints a table: `npm run engines`.
// Engines that are not here are left out, and said so: EXPECT_TENSOR_PYTHON names a Python with the ncnn wheel, NCNN_LIBRARY a libncnn,
// NCNN_WASM_MODULE the .cjs or .mjs of an Emscripten build, with its .wasm beside it. So are devices: EXPECT_TENSOR_ARM64_PYTHON names the
// Python of an ARM, emulated or not, EXPECT_TENSOR_WORKER the command of a device worker, such as `adb shell -T /data/local/tmp/worker`.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { compareTensors } from 'expect-tensor'
import { readTensors } from 'expect-tensor/files'
import { emscriptenEngine, engineCases, findEngines, pythonEngine, workerEngine } from 'expect-tensor/ncnn'

const optionSets = [
  'reference',
  'default',
  'default without fp16',
  'default without Winograd',
  'bf16 storage',
  'Vulkan',
]
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
  return `${raw.toExponential(1)}  ${normalized.toExponential(1)}`
}

async function emscripten(path) {
  const { default: factory } = await import(pathToFileURL(resolve(path)).href)
  const wasmBinary = readFileSync(path.replace(/\.[^.]*$/, '.wasm'))
  return emscriptenEngine((options) => factory({ ...options, wasmBinary }))
}

const { NCNN_WASM_MODULE: module, EXPECT_TENSOR_ARM64_PYTHON: arm64, EXPECT_TENSOR_WORKER: worker } = process.env
const engines = {
  wasm: 'wasm',
  python: 'python',
  native: 'native',
  ...(module && { emscripten: await emscripten(module) }),
  ...(arm64 && { arm64: pythonEngine({ python: arm64, startTimeout: 600_000 }) }),
  ...(worker && { worker: workerEngine({ command: worker.split(' ') }) }),
}

const present = []
for (const { engine, version, missing } of await findEngines(engines)) {
  if (missing === undefined) present.push(engine)
  console.log(`${engine.name.padEnd(12)}${version ?? `left out: ${missing.replaceAll('\n', '\n            ')}`}`)
}

console.log('\nLargest error against PyTorch in float32: raw, and after both sides are scaled to length 1\n')
const columns = ['model', 'options', ...present.map(({ name }) => name)]
const widths = [20, 26, ...present.map(() => 20)]
const print = (cells) =>
  console.log(
    cells
      .map((cell, i) => cell.padEnd(widths[i]))
      .join('')
      .trimEnd(),
  )
print(columns)
/** Why a build or a machine cannot honour a set of options. */
const reasons = new Set()
for (const network of networks) {
  for (const set of optionSets) {
    const cases = engineCases(present, { options: [set] })
    const cells = present.map(async (engine) => {
      const engineCase = cases.find((candidate) => candidate.engine === engine)
      // What an engine cannot honour has no case; what this build or this machine lacks is an error.
      if (engineCase === undefined) return '-'
      return drift(engineCase, network).catch((error) => {
        const [what, ...why] = error.message.split('\n')
        reasons.add(`${engineCase.name}: ${[what, why.at(-1)].filter(Boolean).join('. ')}`)
        return 'not here'
      })
    })
    print([network.model, set, ...(await Promise.all(cells))])
  }
}
if (reasons.size > 0) console.log(['\nNot here:', ...reasons].join('\n  '))
