// What is the same in every run of the same part of a network: which blobs each layer reads, and which it reads last.
import type { Part } from '../../../graph.ts'
import type { GraphLayer } from '../../graph.ts'

/** Blobs go by numbers, their places; not every name has one. */
export interface Plan {
  /** Of what is fed, as far as layers read it. */
  readonly fed: readonly (readonly [name: string, place: number])[]
  /** Of inputs that were not fed and need not be. */
  readonly absent: readonly number[]
  readonly steps: readonly Step[]
}

/** One layer. */
export interface Step {
  readonly layer: GraphLayer
  readonly inputs: readonly number[]
  /** Those of them that no later layer reads. */
  readonly last: readonly number[]
  readonly outputs: readonly PlannedOutput[]
}

interface PlannedOutput {
  readonly name: string
  /** Undefined when no layer reads it. */
  readonly place: number | undefined
  readonly isRequested: boolean
}

/** Names that are fed stay what was fed, whatever layers compute under them. */
export function planRun(
  { layers, absent }: Part<GraphLayer>,
  fed: readonly string[],
  requested: readonly string[],
): Plan {
  const places = new Map<string, number>()
  const lastReaders = new Map<number, GraphLayer>()
  for (const layer of layers) {
    for (const name of layer.inputs) {
      const place = places.get(name) ?? places.size
      places.set(name, place)
      lastReaders.set(place, layer)
    }
  }
  const placesOf = (names: readonly string[]) => names.flatMap((name) => places.get(name) ?? [])
  return {
    fed: fed.flatMap((name) => placesOf([name]).map((place) => [name, place] as const)),
    absent: placesOf(absent),
    steps: layers.map((layer) => {
      const inputs = placesOf(layer.inputs)
      return {
        layer,
        inputs,
        last: [...new Set(inputs)].filter((place) => lastReaders.get(place) === layer),
        outputs: layer.outputs.map((name) => ({
          name,
          place: fed.includes(name) ? undefined : places.get(name),
          isRequested: requested.includes(name) && !fed.includes(name),
        })),
      }
    }),
  }
}
