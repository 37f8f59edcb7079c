// Measures the hints: how often each cause is named, given as a size only, passed over, or given falsely. `npm run measure:hints`.
// Causes are done to made-up tensors and to inputs, inner blobs and outputs of three networks; some to a network's input, to see what
// is said of its output, where most causes cannot be told.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { randomWeights } from '../bench/random-weights.ts'
import { compareTensors } from '../src/compare/compare-tensors.ts'
import { readTensors } from '../src/files/index.ts'
import { loadNcnn } from '../src/runners/ncnn/index.ts'
import { sameShape } from '../src/tensor/shape.ts'
import type { Tensor } from '../src/tensor/tensor.ts'
import { type Cause, causes } from '../test/compare/hints/causes.ts'
import { photo, randomFrom, type SceneKind, scenes, type TestScene } from '../test/compare/hints/scenes.ts'

interface Counts {
  named: number
  size: number
  nothing: number
  false: number
}

/** A network, an input of it, and the blobs that are compared, each with its kind. */
interface Network {
  readonly name: string
  readonly input: TestScene
  readonly blobs: Readonly<Record<string, SceneKind>>
  run(input: Tensor): Promise<Record<string, Tensor>>
}

/** Hints that tell a size or a tendency, and no cause. */
const sizes = new Set(['rounding-size', 'leaning'])

const seeds = Number(process.argv[2] ?? 2)
const examples = (file: string) => fileURLToPath(new URL(`../examples/voiceprint/${file}`, import.meta.url))

/** A small classifier for images, with random weights. */
const classifier = `7767517
9 9
Input input 0 1 in0
Convolution conv1 1 1 in0 c1 0=16 1=7 3=4 4=3 5=1 6=2352 9=1
Convolution conv2 1 1 c1 c2 0=32 1=3 3=2 4=1 5=1 6=4608 9=0
HardSwish act2 1 1 c2 a2 0=0.1666667 1=0.5
Convolution conv3 1 1 a2 c3 0=64 1=3 3=2 4=1 5=1 6=18432 9=1
Pooling pool 1 1 c3 p 0=1 4=1
InnerProduct fc 1 1 p f 0=100 1=1 2=6400
Dropout drop 1 1 f d
Noop end 1 1 d out0
`

async function networks(): Promise<Network[]> {
  const speech = await readTensors(examples('data/ecapa.safetensors'))
  const voices = await readTensors(examples('data/voice-encoder.safetensors'))
  const image = photo(randomFrom(1), 224, 224)
  const param = await loadNcnn({ param: classifier, bin: randomWeights(classifier) })
  const ecapa = await loadNcnn(examples('models/ecapa-fp32.ncnn.param'))
  const encoder = await loadNcnn(examples('models/voice-encoder-fp16.ncnn.param'))
  const first = (tensors: Record<string, Tensor>, rank: number) => {
    const found = Object.values(tensors).find(({ shape }) => shape.length === rank)
    if (found === undefined) throw new Error('the example has no input')
    return found
  }
  return [
    {
      name: 'ECAPA-TDNN',
      input: { name: 'input', kind: 'spectrogram', tensor: speech['fbank/annie-1'] ?? first(speech, 2) },
      blobs: { out0: 'embedding' },
      run: (input) => ecapa.run({ in0: input }),
    },
    {
      name: 'voice encoder',
      input: { name: 'input', kind: 'spectrogram', tensor: first(voices, 2) },
      blobs: { out0: 'embedding' },
      run: (input) => encoder.run({ in0: input }),
    },
    {
      name: 'classifier',
      input: { name: 'input', kind: 'image', tensor: image },
      blobs: { c2: 'features', c3: 'activations', out0: 'logits' },
      run: (input) => param.run({ in0: input }, { outputs: ['c2', 'c3', 'out0'] }),
    },
  ]
}

/** Behind a network nothing but NaN tells of what was wrong before it. */
const onlyNaN = { named: /every element of actual is NaN/ }

const table = new Map<string, { readonly visible: boolean; readonly counts: Counts }>()
const falsely: string[] = []

function judge(
  row: string,
  cause: { readonly named?: RegExp | undefined },
  where: string,
  actual: Tensor,
  reference: Tensor,
): void {
  const comparison = compareTensors(actual, reference)
  if (comparison.pass) return
  const [hint] = comparison.hints
  const verdict =
    hint === undefined ? 'nothing' : cause.named?.test(hint.message) ? 'named' : sizes.has(hint.code) ? 'size' : 'false'
  const entry = table.get(row) ?? {
    visible: cause.named !== undefined && cause !== onlyNaN,
    counts: { named: 0, size: 0, nothing: 0, false: 0 },
  }
  entry.counts[verdict]++
  table.set(row, entry)
  if (verdict === 'false') falsely.push(`${row}, ${where}: ${hint?.message}`)
}

function judgeScene(cause: Cause, scene: TestScene, where: string, seed: number): void {
  if (!cause.kinds.includes(scene.kind)) return
  const pair = cause.apply(scene, randomFrom(seed))
  if (pair !== undefined) judge(cause.name, cause, where, pair.actual, pair.reference)
}

/** What is done to the network itself, which nobody can tell from its output. */
async function judgeModels(): Promise<void> {
  const [param, bin] = await Promise.all([
    readFile(examples('models/ecapa-fp32.ncnn.param'), 'utf8'),
    readFile(examples('models/ecapa-fp32.ncnn.bin')),
  ])
  const speech = Object.entries(await readTensors(examples('data/ecapa.safetensors'))).filter(([name]) =>
    name.startsWith('fbank/'),
  )
  const plain = await loadNcnn({ param, bin })
  const eps = (value: string) => loadNcnn({ param: param.replaceAll('1=1.000000e-5', `1=${value}`), bin })
  const named: Readonly<Record<string, RegExp>> = {
    'float16 storage in the network': /float16 number/,
    'bfloat16 storage in the network': /bfloat16 number/,
  }
  const others = {
    'eps 1e-3 in the network': await eps('1.000000e-3'),
    'eps 1e-4 in the network': await eps('1.000000e-4'),
    'float16 weights in the network': await loadNcnn(examples('models/ecapa-fp16.ncnn.param')),
    'float16 storage in the network': await loadNcnn(
      { param, bin },
      { ncnn: { useFp16Packed: true, useFp16Storage: true } },
    ),
    'bfloat16 storage in the network': await loadNcnn({ param, bin }, { ncnn: { useBf16Storage: true } }),
  }
  for (const [name, input] of speech.slice(0, 3 * seeds)) {
    const reference = (await plain.run({ in0: input })).out0
    for (const [cause, model] of Object.entries(others)) {
      const actual = (await model.run({ in0: input })).out0
      if (actual && reference) judge(cause, { named: named[cause] }, name, actual, reference)
    }
  }
}

for (let seed = 1; seed <= seeds; seed++) {
  const made = scenes(seed, 0.6)
  for (const cause of causes) for (const scene of made) judgeScene(cause, scene, scene.name, seed)
}
for (const network of await networks()) {
  const references = await network.run(network.input.tensor)
  for (const cause of causes) {
    judgeScene(cause, network.input, `${network.name}, input`, 1)
    for (const [blob, kind] of Object.entries(network.blobs)) {
      const tensor = references[blob]
      if (tensor !== undefined) judgeScene(cause, { name: blob, kind, tensor }, `${network.name}, ${blob}`, 1)
    }
    const pair = cause.kinds.includes(network.input.kind) ? cause.apply(network.input, randomFrom(1)) : undefined
    // what has another shape is no input of the network
    if (pair === undefined || !sameShape(pair.actual.shape, network.input.tensor.shape)) continue
    const actual = await network.run(pair.actual)
    const reference = pair.reference === network.input.tensor ? references : await network.run(pair.reference)
    for (const blob of Object.keys(network.blobs)) {
      const [ours, theirs] = [actual[blob], reference[blob]]
      if (ours && theirs)
        judge(
          '(any cause, from the input to a later blob)',
          onlyNaN,
          `${network.name}, ${cause.name}, ${blob}`,
          ours,
          theirs,
        )
    }
  }
}
await judgeModels()

const rows = [...table].map(
  ([name, { visible, counts }]) =>
    `| ${name} | ${visible ? 'yes' : 'no'} | ${counts.named} | ${counts.size} | ${counts.nothing} | ${counts.false} |`,
)
const sum = (pick: (counts: Counts) => number, onlyVisible = false) =>
  [...table.values()].reduce((total, { visible, counts }) => total + (visible || !onlyVisible ? pick(counts) : 0), 0)
const all = (counts: Counts) => counts.named + counts.size + counts.nothing + counts.false
const percent = (share: number) => `${(100 * share).toFixed(1)} %`

process.stdout.write(`| cause | visible in the tensor | named | size only | nothing | false |
|---|---|---|---|---|---|
${rows.join('\n')}

${table.size} causes, ${sum(all)} comparisons. Named where visible: ${percent(sum(({ named }) => named, true) / sum(all, true))}. False: ${percent(sum((counts) => counts.false) / sum(all))}.
${falsely.map((line) => `- ${line}`).join('\n')}
`)
