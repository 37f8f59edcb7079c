// The suite of voiceprint.test.ts for Jest.
const { join } = require('node:path')
const { compareTensors } = require('expect-tensor')
const { loadRecording } = require('expect-tensor/analysis')
const { readTensors } = require('expect-tensor/files')
const { loadNcnn } = require('expect-tensor/ncnn')
const { threshold } = require('./data/ecapa.json')

const here = (path) => join(__dirname, path)
const utterances = ['annie', 'hugo', 'linda', 'victor'].flatMap((voice) => [1, 2, 3].map((take) => `${voice}-${take}`))

let ecapa
let voiceEncoder
let fp32
let exact
let fp16
let lstm
beforeAll(async () => {
  ecapa = await readTensors(here('data/ecapa.safetensors'))
  voiceEncoder = await readTensors(here('data/voice-encoder.safetensors'))
  fp32 = await loadNcnn(here('models/ecapa-fp32.ncnn.param'))
  exact = await loadNcnn(here('models/ecapa-fp32.ncnn.param'), { precision: 'float64' })
  fp16 = await loadNcnn(here('models/ecapa-fp16.ncnn.param'))
  lstm = await loadNcnn(here('models/voice-encoder-fp16.ncnn.param'))
})

async function embed(model, features) {
  const { out0 } = await model.run({ in0: features })
  return out0
}

describe('ECAPA-TDNN converted with fp16=0', () => {
  test.each(utterances)('%s: the embedding is that of PyTorch', async (utterance) => {
    const embedding = await embed(fp32, ecapa[`fbank/${utterance}`])
    expect(embedding).toHaveShape([192])
    expect(embedding).toMatchTensor(ecapa[`embedding/${utterance}`], { atol: 1e-5 })
  })
})

describe('block by block, against a recording of PyTorch: it needs no PyTorch here', () => {
  /** By PyTorch's module, what pnnx calls its result. */
  const blobs = { 'blocks.0': '65', 'blocks.1': '127', 'blocks.2': '189', pooling: '226', out0: 'out0' }
  test.each(Object.entries(blobs))('%s', async (module, blob) => {
    const reference = await loadRecording(here('data/ecapa.torch.safetensors'))
    const fbank = ecapa['fbank/hugo-1']
    const { [module]: expected } = await reference.run(
      { features: { ...fbank, shape: [1, ...fbank.shape] } },
      { outputs: [module] },
    )
    const { [blob]: actual } = await fp32.run({ in0: fbank }, { outputs: [blob] })
    expect(actual).toMatchTensor(expected, { atol: 1e-5, rtol: 1e-5, squeeze: true })
  })
})

describe('the same network in float64: the conversion changed nothing', () => {
  test.each(utterances)('%s: PyTorch in float64 gives the same', async (utterance) => {
    const embedding = await embed(exact, ecapa[`fbank/${utterance}`])
    expect(embedding).toMatchTensor(ecapa[`embedding64/${utterance}`], { atol: 1e-9 })
  })
})

describe('ECAPA-TDNN converted with fp16=1, the default of pnnx', () => {
  test.each(utterances)('%s: the direction of the embedding survives, its digits do not', async (utterance) => {
    const embedding = await embed(fp16, ecapa[`fbank/${utterance}`])
    const reference = ecapa[`embedding/${utterance}`]
    expect(embedding).not.toMatchTensor(reference, { atol: 1e-5 })
    expect(embedding).toMatchTensor(reference, { atol: 1e-3, normalize: 'l2' })
    expect(embedding).toMatchTensor(reference, { metrics: { cosine: 0.99999 } })
  })
})

describe('Resemblyzer, a 3-layer LSTM, converted with fp16=1', () => {
  test.each(utterances)('%s: the embedding is close to that of PyTorch', async (utterance) => {
    const embedding = await embed(lstm, voiceEncoder[`mel/${utterance}`])
    expect(embedding).toMatchTensor(voiceEncoder[`embedding/${utterance}`], { atol: 1e-3 })
  })
})

describe('what the application does with it: the same speaker or not', () => {
  const pairs = utterances.flatMap((a, i) => utterances.slice(i + 1).map((b) => [a, b]))

  test.each(['fp32', 'fp16'])('%s decides every pair of utterances as PyTorch does', async (precision) => {
    const model = precision === 'fp32' ? fp32 : fp16
    const converted = {}
    for (const name of utterances) converted[name] = await embed(model, ecapa[`fbank/${name}`])
    const sameSpeaker = (a, b) => compareTensors(a, b).cosine > threshold
    const decide = (embeddingOf) => pairs.map(([a, b]) => sameSpeaker(embeddingOf(a), embeddingOf(b)))
    expect(decide((name) => converted[name])).toEqual(decide((name) => ecapa[`embedding/${name}`]))
  })
})
