// The fixtures that real ncnn computed (fixtures/make.py), and running them in the built-in engine.
import { readFileSync } from 'node:fs'
import { decodeSafetensors } from '../../../src/files/index.ts'
import { loadNcnn } from '../../../src/runners/ncnn/index.ts'
import type { LoadNcnnOptions } from '../../../src/runners/ncnn/options.ts'
import { toFloat64 } from '../../../src/tensor/decode.ts'
import type { Tensor } from '../../../src/tensor/tensor.ts'

/** A model of one layer with the results that real ncnn gave. */
export interface Fixture {
  readonly name: string
  readonly layer: string
  readonly param: string
  readonly bin: Uint8Array
  readonly inputs: Readonly<Record<string, Tensor>>
  readonly outputs: Readonly<Record<string, Tensor>>
}

interface Described {
  /** Version of the wheel. */
  readonly ncnn: string
  /** ncnn's number of each layer type. */
  readonly numbers: Readonly<Record<string, number>>
  readonly cases: readonly { readonly name: string; readonly layer: string; readonly param: string }[]
}

const file = (name: string): URL => new URL(`./fixtures/${name}`, import.meta.url)

type Fixtures = Pick<Described, 'ncnn' | 'numbers'> & { readonly fixtures: readonly Fixture[] }

let known: Fixtures | undefined

/** All fixtures; those who ask again get the same ones. */
export function readFixtures(): Fixtures {
  known ??= decodeFixtures()
  return known
}

function decodeFixtures(): Fixtures {
  const { ncnn, numbers, cases } = JSON.parse(readFileSync(file('layers.json'), 'utf8')) as Described
  const { tensors } = decodeSafetensors(readFileSync(file('layers.safetensors')))
  const byCase = new Map<string, [name: string, tensor: Tensor][]>()
  for (const [path, tensor] of Object.entries(tensors)) {
    const [owner, name] = path.split('/')
    byCase.set(owner, [...(byCase.get(owner) ?? []), [name, tensor]])
  }
  const fixtures = cases.map((described): Fixture => {
    const own = byCase.get(described.name) ?? []
    const starting = (prefix: string) => Object.fromEntries(own.filter(([name]) => name.startsWith(prefix)))
    const [bin] = Object.values(starting('bin'))
    return {
      ...described,
      bin: new Uint8Array((bin?.data as Uint8Array | undefined) ?? []),
      inputs: starting('in'),
      outputs: starting('out'),
    }
  })
  return { ncnn, numbers, fixtures }
}

/** Runs a fixture in the built-in engine and returns its outputs. */
export async function runFixture(
  { param, bin, inputs, outputs }: Fixture,
  options: LoadNcnnOptions = {},
): Promise<Record<string, Tensor>> {
  using model = await loadNcnn({ param, bin }, options)
  return await model.run(inputs, { outputs: Object.keys(outputs) })
}

/** The largest difference of two elements at the same place, divided by the largest element of `wanted`. */
export function largestDifference(found: Tensor, wanted: Tensor): number {
  const [a, b] = [toFloat64(found), toFloat64(wanted)]
  if (a.length !== b.length) throw new Error(`${a.length} elements instead of ${b.length}`)
  let difference = 0
  let magnitude = 0
  for (let i = 0; i < b.length; i++) {
    difference = Math.max(difference, Math.abs(a[i] - b[i]))
    magnitude = Math.max(magnitude, Math.abs(b[i]))
  }
  return magnitude === 0 ? difference : difference / magnitude
}
