// Section `hints` of `npm run bench`: the search for the cause of a failed comparison, cold and warm.
import type { Tensor } from '../src/tensor/tensor.ts'
import { formatTime, inNewProcess, inProcess, interleave, markdownTable } from './measure.ts'
import type { SectionResult } from './section.ts'

// the package as it is published, as in the section `compare`
const built = new URL('../dist/index.js', import.meta.url).href
const { compareTensors } = (await import(built)) as typeof import('../src/index.ts')

const sizes = [1e5, 1e6]
const coldRounds = 5

const gaussian = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())

/** What actual is, for an element of the reference: causes that are found early, late and not at all. */
const failures: Readonly<Record<string, (x: number) => number>> = {
  drift: (x) => x + 3e-4 * gaussian(),
  'something unrelated': gaussian,
  'a sigmoid': (x) => 1 / (1 + Math.exp(-x)),
  'an int8 grid': (x) => Math.round(40 * x) / 40,
  'some NaN': (x) => (Math.random() < 0.02 ? Number.NaN : x),
}

const shapes: Readonly<Record<string, (n: number) => readonly number[]>> = {
  vector: (n) => [n],
  channels: (n) => [100, n / 100],
  'rank 5': (n) => [2, 5, 10, n / 1000, 10],
}

interface Measured {
  readonly name: string
  readonly n: number
  readonly warm: number
  readonly cold: number
}

async function measure(name: string, shape: readonly number[], fail: (x: number) => number): Promise<Measured> {
  const n = shape.reduce((product, length) => product * length, 1)
  const reference: Tensor = {
    data: Float32Array.from({ length: n }, () => Math.max(0, gaussian())),
    shape,
    dtype: 'float32',
  }
  const actual: Tensor = { ...reference, data: (reference.data as Float32Array).map(fail) }
  // a comparison keeps its hints once they are read
  const [warm] = await interleave([inProcess(name, () => compareTensors(actual, reference).hints)])
  const inNew = inNewProcess(
    name,
    `const { compareTensors } = await import(${JSON.stringify(built)})
    const gaussian = ${gaussian}
    const data = Float32Array.from({ length: ${n} }, () => Math.max(0, gaussian()))
    const reference = { data, shape: [${shape}], dtype: 'float32' }
    const comparison = compareTensors({ ...reference, data: data.map(${fail}) }, reference)
    if (comparison.pass) throw new Error('it passes')`,
    'comparison.hints',
  )
  const times = []
  for (let i = 0; i < coldRounds; i++) times.push(await inNew.run(1))
  times.sort((a, b) => a - b)
  return { name, n, warm: warm?.median ?? Number.NaN, cold: times[coldRounds >> 1] ?? Number.NaN }
}

export async function benchHints(): Promise<SectionResult> {
  const measured: Measured[] = []
  for (const n of sizes) {
    for (const [failure, fail] of Object.entries(failures)) {
      for (const [shape, of] of Object.entries(shapes))
        measured.push(await measure(`${failure}, ${shape}`, of(n), fail))
    }
  }
  const rows = measured.map(({ name, n, warm, cold }) => [name, n.toExponential(0), formatTime(warm), formatTime(cold)])
  return {
    markdown: markdownTable(['actual, shape', 'elements', 'warm', 'in a new process'], rows),
    data: measured,
  }
}
