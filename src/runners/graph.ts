// A model's graph, whatever runs it: which layers a run needs, and in which order layers can run.
import type { LayerInfo } from './model.ts'

/** What connects layers: the tensors that each reads and computes. */
export type Connected = Pick<LayerInfo, 'inputs' | 'outputs'>

/** A set of names; what each stands for does not matter here. */
interface Names {
  has(name: string): boolean
}

/** The part of a graph that computes given tensors from given tensors. */
export interface Part<Layer extends Connected> {
  /** The layers that must run, in execution order. */
  readonly layers: readonly Layer[]
  /** Tensors that are read or wanted, that were not fed and that no layer computes: inputs, and weights that go by a name. */
  readonly missing: readonly string[]
  /** Those of which only readers know that can do without. */
  readonly absent: readonly string[]
}

/** Whether a layer can do without its input of that index. */
export type MayBeAbsent<Layer extends Connected> = (layer: Layer, index: number) => boolean

/**
 * Walks back from the tensors that are wanted to those that were fed, which need no layer.
 * @param layers of the whole model, in execution order
 */
export function needed<Layer extends Connected>(
  layers: readonly Layer[],
  fed: Names,
  wanted: Iterable<string>,
  mayBeAbsent: MayBeAbsent<Layer> = () => false,
): Part<Layer> {
  const producers = producersOf(layers)
  const places = new Set<number>()
  const missing = new Set<string>()
  const absent = new Set<string>()
  const stack: number[] = []
  const visit = (name: string, optional: boolean): void => {
    if (fed.has(name)) return
    const place = producers.get(name)
    if (place === undefined) (optional ? absent : missing).add(name)
    else if (!places.has(place)) stack.push(place)
  }
  for (const name of wanted) visit(name, false)
  for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
    if (places.has(place)) continue
    places.add(place)
    const layer = layers[place]
    for (const [index, name] of layer.inputs.entries()) visit(name, mayBeAbsent(layer, index))
  }
  return {
    layers: [...places].sort((a, b) => a - b).map((place) => layers[place]),
    missing: [...missing],
    absent: [...absent].filter((name) => !missing.has(name)),
  }
}

/** By the list of layers: the place in it of the layer that computes each tensor. A model's list does not change. */
const knownProducers = new WeakMap<readonly Connected[], ReadonlyMap<string, number>>()

function producersOf(layers: readonly Connected[]): ReadonlyMap<string, number> {
  const known = knownProducers.get(layers)
  if (known !== undefined) return known
  const producers = new Map(layers.flatMap(({ outputs }, place) => outputs.map((name) => [name, place] as const)))
  knownProducers.set(layers, producers)
  return producers
}

/**
 * Sorts layers so that every tensor is computed before it is read, in the given order where that can be.
 * The stack is explicit, for graphs are untrusted input.
 * @param onCycle is told of a layer that depends on its own output; when it returns, that dependence is left out of account
 */
export function inExecutionOrder<Layer extends Connected>(
  layers: readonly Layer[],
  onCycle: (layer: Layer) => void,
): Layer[] {
  const producers = new Map(layers.flatMap((layer) => layer.outputs.map((name) => [name, layer] as const)))
  const order: Layer[] = []
  const state = new Map<Layer, 'open' | 'done'>()
  for (const root of layers) {
    const stack = [root]
    for (let layer = stack.at(-1); layer !== undefined; layer = stack.at(-1)) {
      if (state.get(layer) === 'done') {
        stack.pop()
        continue
      }
      state.set(layer, 'open')
      const before = layer.inputs.flatMap((name) => producers.get(name) ?? [])
      const pending = before.filter((producer) => {
        if (state.get(producer) === 'open') onCycle(producer)
        return state.get(producer) === undefined
      })
      if (pending.length === 0) {
        state.set(layer, 'done')
        order.push(layer)
        stack.pop()
      }
      for (const producer of pending) stack.push(producer)
    }
  }
  return order
}

/** Some layers of a run that follow each other. */
export interface Group<Layer extends Connected> {
  readonly layers: readonly Layer[]
  /** What later groups read of what was computed up to here. */
  readonly carried: ReadonlySet<string>
}

/**
 * Divides a run, so that not everything that is requested is in memory at once.
 * @param most how many requested tensors a group computes, if it can end there
 * @param mayCross whether a tensor can be taken out of one group and fed to another
 */
export function inGroups<Layer extends Connected>(
  layers: readonly Layer[],
  requested: Names,
  most: number,
  mayCross: (name: string) => boolean,
): Group<Layer>[] {
  const lastReaders = new Map(layers.flatMap(({ inputs }, place) => inputs.map((name) => [name, place] as const)))
  const groups: Group<Layer>[] = []
  const live = new Set<string>()
  let start = 0
  let count = 0
  for (const [place, { inputs, outputs }] of layers.entries()) {
    for (const name of outputs) {
      if (requested.has(name)) count++
      if ((lastReaders.get(name) ?? -1) > place) live.add(name)
    }
    for (const name of inputs) if (lastReaders.get(name) === place) live.delete(name)
    const isFull = count >= most && [...live].every(mayCross)
    if (!isFull && place < layers.length - 1) continue
    groups.push({ layers: layers.slice(start, place + 1), carried: new Set(live) })
    start = place + 1
    count = 0
  }
  return groups
}
