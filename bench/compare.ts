// Section `compare` of `npm run bench`: comparisons of tensors against numpy, torch and Vitest's toEqual.
import { chai, JestChaiExpect } from '@vitest/expect'
import type { Comparison } from '../src/compare/comparison.ts'
import type { Tensor } from '../src/tensor/tensor.ts'
import { versionOf } from './machine.ts'
import { type Contender, formatTime, inProcess, interleave, markdownTable, type Timing } from './measure.ts'
import { type PythonPeer, startPython } from './peers/python.ts'
import type { SectionResult } from './section.ts'

// the package as it is published: what tsx makes of the sources names every function at run time, which small comparisons notice
const built = new URL('../dist/index.js', import.meta.url).href
const { compareTensors, float32ToFloat16Array } = (await import(built)) as typeof import('../src/index.ts')

const tolerance = { rtol: 1e-3, atol: 1e-3 }

/** Counts of misses, NaN and infinities, extremes with their places, mean and root mean square error, cosine, SNR, norms. */
function readStatistics(comparison: Comparison): unknown {
  const { mismatched, actual, reference, cosine, snrDb, normRatio, absDiff, relDiff } = comparison
  const errors = [absDiff.max, absDiff.at, absDiff.mean, absDiff.rmse, relDiff.max, relDiff.at]
  return [mismatched, actual, reference, cosine, snrDb, normRatio, errors]
}

/** The statistics, and what takes passes of its own: quantiles, histogram, the worst elements, the tolerance that would pass. */
function readReport(comparison: Comparison): unknown {
  const { absDiff, relDiff, worst, required, histogram } = comparison
  const quantiles = [absDiff.p50, absDiff.p90, absDiff.p99, relDiff.p50, relDiff.p99]
  return [readStatistics(comparison), quantiles, worst, required, histogram]
}

/** A reference like the output of a network, and the same with an error well within the tolerance. */
function samplePair(dtype: 'float32' | 'float16', n: number): { actual: Tensor; reference: Tensor } {
  const gaussian = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())
  const reference = Float32Array.from({ length: n }, gaussian)
  const actual = reference.map((value) => value + 1e-5 * gaussian())
  const store = (data: Float32Array) => (dtype === 'float16' ? float32ToFloat16Array(data) : data)
  return {
    actual: { data: store(actual), shape: [n], dtype },
    reference: { data: store(reference), shape: [n], dtype },
  }
}

interface Measured {
  readonly dtype: 'float32' | 'float16'
  readonly n: number
  readonly timings: readonly Timing[]
}

const passOrFail = 'pass or fail'
const equal = 'pass or fail, identical bytes'
const withStatistics = 'failure with statistics'
const withReport = 'failure with the whole report'
const vitestToEqual = 'Vitest toEqual'

/** `toEqual` takes seconds for a million elements. */
const mostForToEqual = 1e6

async function measure(dtype: 'float32' | 'float16', n: number, python: PythonPeer | undefined): Promise<Measured> {
  const { actual, reference } = samplePair(dtype, n)
  const copy: Tensor = { ...reference, data: reference.data.slice() as Float32Array }
  // what is wrong lies at the start, as everywhere in a model gone wrong: the verdict takes no time, the statistics take it all
  const failing: Tensor = { ...actual, data: actual.data.slice() as Float32Array }
  failing.data[0] = 0x4000
  const contenders: Contender[] = [
    inProcess(passOrFail, () => compareTensors(actual, reference, tolerance).pass),
    inProcess(equal, () => compareTensors(copy, reference, tolerance).pass),
    inProcess(withStatistics, () => readStatistics(compareTensors(failing, reference, tolerance))),
    inProcess(withReport, () => readReport(compareTensors(failing, reference, tolerance))),
    ...(python?.calls ?? []).map((call) => (python as PythonPeer).contender({ call, dtype, n, ...tolerance })),
    ...(dtype === 'float32' && n <= mostForToEqual ? [toEqual(copy, reference)] : []),
  ]
  return { dtype, n, timings: await interleave(contenders) }
}

function toEqual(actual: Tensor, reference: Tensor): Contender {
  chai.use(JestChaiExpect)
  const expect = chai.expect as unknown as (value: unknown) => { toEqual(expected: unknown): void }
  return inProcess(vitestToEqual, () => expect(actual.data).toEqual(reference.data))
}

const sizes = [1e3, 1e5, 1e6, 16.7e6]

/** The ratios this package promises: how many times faster than a peer. */
const goals = [
  { ours: passOrFail, peer: 'numpy.testing.assert_allclose', dtype: 'float32', least: 5, from: 1e5 },
  { ours: passOrFail, peer: 'torch.testing.assert_close', dtype: 'float32', least: 15, from: 1e5 },
  { ours: withStatistics, peer: 'numpy.testing.assert_allclose', dtype: 'float32', least: 2, from: 1e5 },
  { ours: passOrFail, peer: 'numpy.testing.assert_allclose', dtype: 'float16', least: 10, from: 1e5 },
  { ours: withStatistics, peer: vitestToEqual, dtype: 'float32', least: 500, from: 1e6 },
] as const

export async function benchCompare(): Promise<SectionResult> {
  const python = await startPython()
  const measured: Measured[] = []
  for (const n of sizes) measured.push(await measure('float32', n, python))
  for (const n of [1e5, 1e6]) measured.push(await measure('float16', n, python))
  python?.close()
  const ofPython = python?.versions ?? 'no Python with numpy was found: set EXPECT_TENSOR_PYTHON'
  const peers = `Peers: ${versionOf('vitest')}; ${ofPython}.`
  return { markdown: [peers, timesTable(measured), goalsTable(measured)].join('\n\n'), data: { peers, measured } }
}

function timesTable(measured: readonly Measured[]): string {
  const rows = measured.flatMap(({ dtype, n, timings }) =>
    timings.map(({ name, median, fastest, slowest }) => [
      dtype,
      n.toLocaleString('en'),
      name,
      formatTime(median),
      (median / n).toFixed(3),
      `${formatTime(fastest)} to ${formatTime(slowest)}`,
    ]),
  )
  return markdownTable(['dtype', 'elements', 'what', 'median', 'ns per element', 'range'], rows)
}

function goalsTable(measured: readonly Measured[]): string {
  const rows = goals.flatMap(({ ours, peer, dtype, least, from }) =>
    measured
      .filter((entry) => entry.dtype === dtype && entry.n >= from)
      .flatMap(({ n, timings }) => {
        const [mine, theirs] = [ours, peer].map((name) => timings.find((timing) => timing.name === name)?.median)
        if (mine === undefined || theirs === undefined) return []
        return [[`${ours} / ${peer}, ${dtype}`, n.toLocaleString('en'), (theirs / mine).toFixed(1), `${least}`]]
      }),
  )
  return markdownTable(['times faster', 'elements', 'measured', 'goal'], rows)
}
