// Section `models` of `npm run bench`: whole networks on one thread, against the ncnn wheel with default and reference options.
import './relaxed-simd.ts'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LoadNcnnOptions } from '../src/runners/ncnn/options.ts'
import { formatRatio, formatTime, geometricMean, interleave, markdownTable, ratio, type Timing } from './measure.ts'
import { engine, loadNcnn, wheelContenders, wheelDefault, wheelReference } from './ncnn-contenders.ts'
import { type Network, networks } from './networks.ts'
import { type JsonPeer, startPythonPeer } from './peers/json-lines.ts'
import type { SectionResult } from './section.ts'

const ourName = 'expect-tensor'
const ourFastest = 'Winograd, relaxedSimd'

/** The built-in engine's options, by what the table calls them. */
const ours: Readonly<Record<string, LoadNcnnOptions>> = {
  [ourName]: {},
  Winograd: { ncnn: { useWinogradConvolution: true } },
  relaxedSimd: { relaxedSimd: true },
  [ourFastest]: { ncnn: { useWinogradConvolution: true }, relaxedSimd: true },
}

interface Measured {
  readonly network: string
  readonly timings: readonly Timing[]
}

/** Times the networks whose names contain `filter`. */
export async function benchModels(filter = ''): Promise<SectionResult> {
  const wheel = await startPythonPeer('ncnn_models.py')
  const folder = await mkdtemp(join(tmpdir(), 'expect-tensor-bench-'))
  const measured: Measured[] = []
  const missing: string[] = []
  try {
    for (const { name, load } of networks.filter(({ name }) => name.includes(filter))) {
      const network = await load()
      if (network === undefined) missing.push(name)
      else measured.push({ network: name, timings: await measure(network, wheel, folder) })
    }
  } finally {
    wheel?.close()
    await rm(folder, { recursive: true })
  }
  return { markdown: [remarks(wheel, missing), table(measured)].filter(Boolean).join('\n\n'), data: measured }
}

async function measure(network: Network, wheel: JsonPeer | undefined, folder: string): Promise<readonly Timing[]> {
  const { param, bin } = network
  const models = await Promise.all(Object.values(ours).map((options) => loadNcnn({ param, bin }, options)))
  const [plain] = models
  const peers = wheel === undefined ? [] : await wheelContenders(network, plain, wheel, folder)
  const inputs = { [plain.inputs[0].name]: network.input }
  const engines = Object.keys(ours).map((name, i) => engine(name, inputs, models[i]))
  const timings = await interleave([...engines, ...peers])
  for (const model of models) model.close()
  return timings
}

function remarks(wheel: JsonPeer | undefined, missing: readonly string[]): string {
  const peer =
    wheel === undefined
      ? 'No Python with the ncnn wheel was found: set EXPECT_TENSOR_PYTHON.'
      : `Peer: ncnn ${wheel.hello}, one thread.`
  const absent = `Left out: ${missing.join(', ')} (EXPECT_TENSOR_BENCH_MODELS names the folder with their .param files).`
  return missing.length === 0 ? peer : `${peer} ${absent}`
}

function table(measured: readonly Measured[]): string {
  const pairs = [
    [ourName, wheelDefault],
    [ourFastest, wheelDefault],
    [ourName, wheelReference],
  ] as const
  const names = [...Object.keys(ours), wheelDefault, wheelReference]
  const rows = measured.map(({ network, timings }) => [
    network,
    ...names.map((name) => {
      const timing = timings.find((candidate) => candidate.name === name)
      return timing === undefined ? '' : formatTime(timing.median)
    }),
    ...pairs.map(([our, peer]) => formatRatio(ratio(timings, our, peer))),
  ])
  const means = (some: readonly Measured[]) =>
    pairs.map(([our, peer]) => formatRatio(geometricMean(some.map(({ timings }) => ratio(timings, our, peer)))))
  const floats = measured.filter(({ network }) => !network.endsWith('int8'))
  const blank = names.map(() => '')
  return markdownTable(
    ['network', ...names, ...pairs.map(([our, peer]) => `${our} / ${peer}`)],
    [
      ...rows,
      ['geometric mean', ...blank, ...means(measured)],
      ['geometric mean of the float networks', ...blank, ...means(floats)],
    ],
  )
}
