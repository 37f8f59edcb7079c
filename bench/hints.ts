// Section `hints` of `npm run bench`: the search for the cause of a failed comparison, for the first time in a process and warm.
import type { Tensor } from '../src/tensor/tensor.ts'
import { formatTime, inNewProcess, inProcess, interleave, markdownTable } from './measure.ts'
import type { SectionResult } from './section.ts'

// the package as it is published, as in the section `compare`
const built = new URL('../dist/index.js', import.meta.url).href
const { compareTensors } = (await import(built)) as typeof import('../src/index.ts')

/** The most that the first hint of a process and every other may take, in nanoseconds. */
const goals: ReadonlyMap<number, number> = new Map([
  [1e5, 30e6],
  [1e6, 300e6],
])
const coldRounds = 3

/** What went wrong. Its functions are handed to new processes as text: they know `gaussian` and nothing else from here. */
interface Failure {
  /** An element of the reference. */
  readonly reference: () => number
  /** What actual has instead of `x`, at position `i` of `data` in `shape`. */
  readonly actual: (x: number, i: number, data: Float32Array, shape: readonly number[]) => number
}

const gaussian = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())
const behindRelu = () => Math.max(0, gaussian())

/** Causes that are found early, late and not at all. */
const failures: Readonly<Record<string, Failure>> = {
  drift: { reference: gaussian, actual: (x) => x * (1 + 3e-4 * gaussian()) },
  'drift behind a ReLU': { reference: behindRelu, actual: (x) => x + 3e-4 * gaussian() },
  'something unrelated': { reference: gaussian, actual: gaussian },
  'something unrelated, both behind a ReLU': { reference: behindRelu, actual: () => Math.max(0, gaussian()) },
  'noise as large as the values': { reference: gaussian, actual: (x) => x + gaussian() },
  'wild elements': { reference: gaussian, actual: (x) => (Math.random() < 0.01 ? 100 * gaussian() : x) },
  'a gain': { reference: gaussian, actual: (x) => 1.7 * x },
  'a bias before the ReLU': { reference: behindRelu, actual: (x) => Math.max(0, x - 0.3) },
  'a sigmoid': { reference: behindRelu, actual: (x) => 1 / (1 + Math.exp(-x)) },
  'another form of GELU': {
    reference: () => {
      const x = gaussian()
      return x / (1 + Math.exp(-1.702 * x))
    },
    actual: (y) => {
      // undone by bisection, where it grows; elsewhere what comes out belongs to another x
      let [low, high] = [-0.75, 8]
      for (let k = 0; k < 40; k++) {
        const middle = (low + high) / 2
        if (middle / (1 + Math.exp(-1.702 * middle)) < y) low = middle
        else high = middle
      }
      return low / (1 + Math.exp(-low))
    },
  },
  'an int8 grid': { reference: behindRelu, actual: (x) => Math.round(40 * x) / 40 },
  'rounded to float16': {
    reference: gaussian,
    actual: (x) => {
      const step = 2 ** (Math.floor(Math.log2(Math.abs(x))) - 10)
      // adding 2^52 rounds to whole numbers, ties to even
      return step > 0 ? Math.sign(x) * (Math.abs(x) / step + 2 ** 52 - 2 ** 52) * step : 0
    },
  },
  dropout: { reference: gaussian, actual: (x) => (Math.random() < 0.3 ? 0 : x / 0.7) },
  'one wrong channel': {
    reference: gaussian,
    actual: (x, i, data, shape) => (Math.floor((i * (shape[0] ?? 1)) / data.length) === 1 ? x + gaussian() : x),
  },
  'another padding': {
    reference: gaussian,
    actual: (x, i, _, shape) => {
      const width = shape[shape.length - 1] ?? 1
      return i % width === 0 || i % width === width - 1 ? x + gaussian() : x
    },
  },
  'an index off by one': { reference: gaussian, actual: (x, i, data) => data[i - 1] ?? x },
  reversed: { reference: gaussian, actual: (x, i, data) => data[data.length - 1 - i] ?? x },
  'half of it never written': { reference: gaussian, actual: (x, i, data) => (i < 0.6 * data.length ? x : 0) },
  'some NaN': { reference: behindRelu, actual: (x) => (Math.random() < 0.02 ? Number.NaN : x) },
}

const shapes: Readonly<Record<string, (n: number) => readonly number[]>> = {
  vector: (n) => [n],
  rows: (n) => [100, n / 100],
  image: (n) => [n / 2500, 50, 50],
  'rank 5': (n) => [2, 5, 10, n / 1000, 10],
}

interface Measured {
  readonly failure: string
  readonly shape: string
  readonly n: number
  readonly warm: number
  readonly cold: number
}

async function measure(failure: string, shape: string, n: number): Promise<Measured> {
  const { reference: make, actual: fail } = failures[failure] as Failure
  const lengths = shapes[shape]?.(n) ?? [n]
  const data = Float32Array.from({ length: n }, make)
  const reference: Tensor = { data, shape: lengths, dtype: 'float32' }
  const actual: Tensor = { ...reference, data: data.map((x, i) => fail(x, i, data, lengths)) }
  // a comparison keeps its hints once they are read
  const [warm] = await interleave([inProcess(failure, () => compareTensors(actual, reference).hints)])
  const inNew = inNewProcess(
    failure,
    `const { compareTensors } = await import(${JSON.stringify(built)})
    const gaussian = ${gaussian}
    const behindRelu = ${behindRelu}
    const make = ${make}
    const fail = ${fail}
    const shape = [${lengths}]
    const data = Float32Array.from({ length: ${n} }, make)
    const reference = { data, shape, dtype: 'float32' }
    const comparison = compareTensors({ ...reference, data: data.map((x, i) => fail(x, i, data, shape)) }, reference)
    if (comparison.pass) throw new Error('it passes')`,
    'comparison.hints',
  )
  const times = []
  for (let i = 0; i < coldRounds; i++) times.push(await inNew.run(1))
  times.sort((a, b) => a - b)
  return { failure, shape, n, warm: warm?.median ?? Number.NaN, cold: times[coldRounds >> 1] ?? Number.NaN }
}

const most = (measured: readonly Measured[], pick: (one: Measured) => number) => Math.max(...measured.map(pick))

export async function benchHints(): Promise<SectionResult> {
  const measured: Measured[] = []
  for (const n of goals.keys()) {
    for (const failure of Object.keys(failures)) {
      for (const shape of Object.keys(shapes)) measured.push(await measure(failure, shape, n))
    }
  }
  const headings = [...goals.keys()].flatMap((n) => [`${n} elements: first`, 'warm'])
  const times = (of: (one: Measured) => boolean) =>
    [...goals.keys()].flatMap((n) => {
      const chosen = measured.filter((one) => one.n === n && of(one))
      return [formatTime(most(chosen, ({ cold }) => cold)), formatTime(most(chosen, ({ warm }) => warm))]
    })
  const rows = Object.keys(failures).map((failure) => [failure, ...times((one) => one.failure === failure)])
  const within = [...goals].flatMap(([n, goal]) =>
    [({ cold }: Measured) => cold, ({ warm }: Measured) => warm].map((pick) => {
      const chosen = measured.filter((one) => one.n === n)
      return `${chosen.filter((one) => pick(one) <= goal).length} of ${chosen.length} within ${formatTime(goal)}`
    }),
  )
  return {
    markdown: `The first hint of a new process, and a warm one; of ${Object.keys(shapes).length} shapes the slowest.\n\n${markdownTable(['what is wrong', ...headings], [...rows, ['all causes and shapes', ...within]])}`,
    data: measured,
  }
}
