// Section `models` of `npm run bench`: whole networks on one thread, against the ncnn wheel with default and reference options.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Model } from '../src/runners/model.ts'
import { type Contender, formatTime, interleave, markdownTable, type Timing } from './measure.ts'
import { type Network, networks } from './networks.ts'
import { type JsonPeer, startJsonPeer } from './peers/json-lines.ts'
import type { SectionResult } from './run.ts'

// the package as it is published: what tsx makes of the sources names every function at run time, which small layers notice
const built = new URL('../dist/ncnn.js', import.meta.url).href
const { loadNcnn } = (await import(built)) as typeof import('../src/runners/ncnn/index.ts')

const OURS = 'expect-tensor'
const WINOGRAD = 'expect-tensor, Winograd'
const DEFAULT = 'ncnn wheel'
const REFERENCE = 'ncnn wheel, reference options'

interface Measured {
  readonly network: string
  readonly timings: readonly Timing[]
}

/** Times the networks whose names contain `filter`. */
export async function benchModels(filter = ''): Promise<SectionResult> {
  const wheel = await startJsonPeer('ncnn_models.py')
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
  const timings = await interleave([engine(OURS, network, plain), engine(WINOGRAD, network, winograd), ...peers])
  plain.close()
  winograd.close()
  return timings
}

function engine(name: string, { input }: Network, model: Model): Contender {
  const inputs = { [model.inputs[0].name]: input }
  return {
    name,
    async run(repeats) {
      const before = process.cpuUsage()
      for (let i = 0; i < repeats; i++) await model.run(inputs)
      const { user, system } = process.cpuUsage(before)
      return (user + system) * 1000
    },
  }
}

async function wheelContenders(
  { name, param, bin, input }: Network,
  model: Model,
  wheel: JsonPeer,
  folder: string,
): Promise<Contender[]> {
  const file = (suffix: string) => join(folder, `${name.replaceAll(/\W+/g, '-')}.${suffix}`)
  await writeFile(file('param'), param)
  await writeFile(file('bin'), bin)
  await writeFile(file('values'), new Uint8Array((input.data as Float32Array).buffer))
  const request = {
    param: file('param'),
    bin: file('bin'),
    values: file('values'),
    shape: input.shape,
    input: model.inputs[0].name,
    output: model.outputs[0].name,
  }
  const contender = (contenderName: string, setting: string): Contender => ({
    name: contenderName,
    async run(repeats) {
      const answer = (await wheel.ask({ ...request, setting, repeats })) as { readonly nanoseconds: number }
      return answer.nanoseconds
    },
  })
  return [contender(DEFAULT, 'default'), contender(REFERENCE, 'reference')]
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
  const ratios = (ours: string, peer: string) => measured.map(({ timings }) => ratio(timings, ours, peer))
  const pairs = [
    [OURS, DEFAULT],
    [WINOGRAD, DEFAULT],
    [OURS, REFERENCE],
  ] as const
  const rows = measured.map(({ network, timings }) => [
    network,
    ...[OURS, WINOGRAD, DEFAULT, REFERENCE].map((name) => {
      const timing = timings.find((candidate) => candidate.name === name)
      return timing === undefined ? '' : formatTime(timing.median)
    }),
    ...pairs.map(([ours, peer]) => formatRatio(ratio(timings, ours, peer))),
  ])
  const means = pairs.map(([ours, peer]) => formatRatio(geometricMean(ratios(ours, peer))))
  return markdownTable(
    ['network', OURS, WINOGRAD, DEFAULT, REFERENCE, ...pairs.map(([ours, peer]) => `${ours} / ${peer}`)],
    [...rows, ['geometric mean', '', '', '', '', ...means]],
  )
}

function ratio(timings: readonly Timing[], ours: string, peer: string): number {
  const [a, b] = [ours, peer].map((name) => timings.find((timing) => timing.name === name)?.median)
  return a === undefined || b === undefined ? Number.NaN : a / b
}

const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)

const formatRatio = (value: number): string => (Number.isNaN(value) ? '' : `${value.toFixed(2)}x`)
