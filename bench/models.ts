// Section `models` of `npm run bench`: whole networks on one thread, against the ncnn wheel with default and reference options.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatRatio, formatTime, geometricMean, interleave, markdownTable, ratio, type Timing } from './measure.ts'
import { engine, loadNcnn, wheelContenders, wheelDefault, wheelReference } from './ncnn-contenders.ts'
import { type Network, networks } from './networks.ts'
import { type JsonPeer, startPythonPeer } from './peers/json-lines.ts'
import type { SectionResult } from './section.ts'

const ourName = 'expect-tensor'
const oursWithWinograd = 'expect-tensor, Winograd'

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
  const plain = await loadNcnn({ param, bin })
  const winograd = await loadNcnn({ param, bin }, { ncnn: { useWinogradConvolution: true } })
  const peers = wheel === undefined ? [] : await wheelContenders(network, plain, wheel, folder)
  const inputs = { [plain.inputs[0].name]: network.input }
  const timings = await interleave([
    engine(ourName, inputs, plain),
    engine(oursWithWinograd, inputs, winograd),
    ...peers,
  ])
  plain.close()
  winograd.close()
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
  // The mean is over float networks: quantised ones are another measure.
  const floats = measured.filter(({ network }) => !network.endsWith('int8'))
  const ratios = (ours: string, peer: string) => floats.map(({ timings }) => ratio(timings, ours, peer))
  const pairs = [
    [ourName, wheelDefault],
    [oursWithWinograd, wheelDefault],
    [ourName, wheelReference],
  ] as const
  const rows = measured.map(({ network, timings }) => [
    network,
    ...[ourName, oursWithWinograd, wheelDefault, wheelReference].map((name) => {
      const timing = timings.find((candidate) => candidate.name === name)
      return timing === undefined ? '' : formatTime(timing.median)
    }),
    ...pairs.map(([ours, peer]) => formatRatio(ratio(timings, ours, peer))),
  ])
  const means = pairs.map(([ours, peer]) => formatRatio(geometricMean(ratios(ours, peer))))
  return markdownTable(
    [
      'network',
      ourName,
      oursWithWinograd,
      wheelDefault,
      wheelReference,
      ...pairs.map(([ours, peer]) => `${ours} / ${peer}`),
    ],
    [...rows, ['geometric mean of the float networks', '', '', '', '', ...means]],
  )
}
