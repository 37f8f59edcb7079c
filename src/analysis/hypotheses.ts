// Where nothing matches any more, behind a strong damage: supposes that a blob is some reference tensor, and looks whether the layers behind it agree.
import type { LayerInfo } from '../runners/model.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { float32Tensor, floatsOf } from './elements.ts'
import { bestFit, type Layout, layoutsBetween, rearrange } from './layouts.ts'
import { mayReshape } from './network.ts'
import { unquantize } from './quantized.ts'
import type { ReferenceTensor } from './reference.ts'
import { sureError } from './search.ts'
import { visitedOf, type Walk } from './walk-state.ts'

export interface Hypothesis {
  readonly blob: string
  /** The layer that computes it. */
  readonly layer: LayerInfo
  readonly reference: ReferenceTensor
  readonly layout: Layout
}

/** How many reference tensors are tried for a blob, those nearest in the reference's order first. */
const mostCandidates = 12
/** How many layers behind a blob are asked. */
const mostSteps = 3

/**
 * @param stuck the layer at which too many had no counterpart
 * @param failed blobs for which nothing was found before; those of this call are added
 */
export async function findHypothesis(
  walk: Walk,
  stuck: LayerInfo,
  failed: Set<string>,
): Promise<Hypothesis | undefined> {
  const { network, references } = walk.subject
  const unmatched = unmatchedBefore(walk, stuck)
  for (const { blob, strict } of [
    ...rematched(walk, unmatched),
    ...unmatched.map((blob) => ({ blob, strict: false })),
  ]) {
    const layer = network.producer.get(blob)
    if (layer === undefined || failed.has(blob) || walk.pinned.has(blob)) continue
    const own = walk.feed(blob)
    const current = walk.visited.get(blob)?.match?.reference
    const candidates = references.ofLength(own.data.length).filter((reference) => reference !== current)
    for (const reference of nearest(walk, layer, candidates, mostCandidates)) {
      for (const layout of walk.search.layouts(own.shape, reference)) {
        if (await isConfirmed(walk, { blob, layer, reference, layout }, own.shape, strict))
          return { blob, layer, reference, layout }
      }
    }
    failed.add(blob)
  }
  return undefined
}

/** Candidates behind the layer's inputs, those nearest to where the layers just before were found first. */
export function nearest(
  walk: Walk,
  layer: LayerInfo,
  candidates: readonly ReferenceTensor[],
  most: number,
): readonly ReferenceTensor[] {
  const after = walk.placeBefore(layer)
  const here = placeOfNeighbour(walk, layer, after)
  return candidates
    .filter(({ place }) => place > after)
    .sort((a, b) => Math.abs(a.place - here) - Math.abs(b.place - here))
    .slice(0, most)
}

/** Where the layers just before were found: both orders come from the same network. */
function placeOfNeighbour({ subject: { network }, visited }: Walk, layer: LayerInfo, after: number): number {
  for (let i = network.position(layer) - 1; i >= 0; i--) {
    for (const blob of network.layers[i].outputs) {
      const match = visited.get(blob)?.match
      if (match !== undefined) return Math.max(after, match.reference.place) + 1
    }
  }
  return after + 1
}

/** The blobs without a counterpart that lead to a layer, and its own, earliest first. */
function unmatchedBefore({ subject: { network }, visited }: Walk, stuck: LayerInfo): string[] {
  const chain: string[] = []
  const seen = new Set<LayerInfo>()
  const climb = (layer: LayerInfo): void => {
    for (const blob of layer.inputs) {
      const producer = network.producer.get(blob)
      if (producer === undefined || seen.has(producer) || producer.type === 'Input') continue
      const repeats = network.isRepeating(producer)
      if (!repeats && (visited.get(blob)?.depth ?? 0) === 0) continue
      seen.add(producer)
      climb(producer)
      if (!repeats) chain.push(blob)
    }
  }
  climb(stuck)
  chain.push(...stuck.outputs.filter((blob) => (visited.get(blob)?.depth ?? 0) > 0))
  return chain
}

/**
 * A counterpart other than the one that an input of a layer merely resembles: one for which the layers behind it speak, as they do not for
 * the other. It may be what the input's own layer reads, where that is too many.
 * @param layer one that was visited just now
 * @param doubted blobs that were looked at before; those of this call are added
 */
export async function findBetterMatch(
  walk: Walk,
  layer: LayerInfo,
  doubted: Set<string>,
): Promise<Hypothesis | undefined> {
  const { network, references, details } = walk.subject
  for (const blob of layer.inputs.map((name) => network.original(name))) {
    const producer = network.producer.get(blob)
    const { match, shape, place } = visitedOf(walk, blob)
    if (match?.by !== 'content' || match.error < sureError || producer === undefined || doubted.has(blob)) continue
    const isSpokenFor = layer.outputs.some((output) => {
      const found = visitedOf(walk, output).match
      return found !== undefined && found.error < sureError && found.reference !== match.reference
    })
    if (isSpokenFor) continue
    doubted.add(blob)
    // What int8 loses makes all of its tensors resemble their counterparts and no more.
    if ((await details(layer))?.computesInInt8 || (await details(producer))?.computesInInt8) continue
    if (await isConfirmed(walk, { blob, layer: producer, ...match }, shape, true)) continue
    const after = walk.placeBefore(producer)
    const others = references
      .ofLength(match.reference.elements.length)
      .filter((reference) => reference !== match.reference && reference.place >= after)
      .sort((a, b) => Math.abs(a.place - place) - Math.abs(b.place - place))
    for (const reference of others.slice(0, mostCandidates)) {
      for (const layout of walk.search.layouts(shape, reference)) {
        const hypothesis = { blob, layer: producer, reference, layout }
        if (await isConfirmed(walk, hypothesis, shape, true)) return hypothesis
      }
    }
  }
  return undefined
}

/**
 * The inputs of the first layer without a counterpart: they may have been matched to the wrong stage. Without its activation a layer gives
 * just what the reference has before its own.
 */
function rematched(
  { subject: { network }, visited }: Walk,
  unmatched: readonly string[],
): { blob: string; strict: boolean }[] {
  const first = network.producer.get(unmatched[0] ?? '')
  if (first === undefined) return []
  return first.inputs
    .map((blob) => network.original(blob))
    .filter((blob) => visited.get(blob)?.match?.by === 'content' && network.producer.get(blob)?.type !== 'Input')
    .map((blob) => ({ blob, strict: true }))
}

/** Whether the layers behind the blob, fed with the supposed tensor, compute what the reference has. */
async function isConfirmed(
  { subject, search, visited, feed }: Walk,
  { blob, reference, layout }: Hypothesis,
  shape: readonly number[],
  strict: boolean,
): Promise<boolean> {
  const { network, compute } = subject
  const local = new Map<string, Tensor>([[blob, float32Tensor(rearrange(reference.elements, layout), shape)]])
  let front = [blob]
  for (let step = 0; step < mostSteps && front.length > 0; step++) {
    const next: string[] = []
    for (const reader of front.flatMap((name) => network.consumers.get(name) ?? [])) {
      if (network.isRepeating(reader)) {
        const repeated = local.get(reader.inputs[0])
        if (repeated === undefined) continue
        for (const output of reader.outputs) local.set(output, repeated)
        next.push(...reader.outputs)
        continue
      }
      const inputs = reader.inputs.map((input): [string, Tensor] | undefined => {
        const tensor =
          local.get(input) ??
          (visited.get(input)?.match ? feed(input) : constantOf(network.producer.get(input), input, visited, feed))
        return tensor && [input, tensor]
      })
      if (inputs.includes(undefined)) continue
      let computed: Record<string, Tensor>
      try {
        computed = await compute(new Map(inputs as [string, Tensor][]), reader.outputs)
      } catch {
        continue
      }
      const details = await subject.details(reader)
      for (const output of reader.outputs) {
        const scales = computed[output].dtype === 'int8' ? details?.outputScales : undefined
        const elements = scales === undefined ? floatsOf(computed[output]) : unquantize(computed[output], scales)
        if (elements === undefined) continue
        const { shape: outputShape } = computed[output]
        // A layer that changes nothing confirms any tensor: it has to give another one.
        const unchanged =
          elements.length === reference.elements.length &&
          (bestFit(elements, reference.elements, layoutsBetween(outputShape, reference.tensor.shape))?.error ?? 1) <
            1e-5
        if (unchanged && strict) return false
        const found = search.find(elements, outputShape, reference.place, mayReshape(reader))
        // What int8 loses is more than what a sure match may differ by.
        const isSure = found !== undefined && (found.error < sureError || details?.computesInInt8)
        if (!unchanged && isSure && !found.early && found.reference !== reference) return true
        local.set(output, computed[output])
        next.push(output)
      }
    }
    front = next
  }
  return false
}

/** What needs no counterpart: a constant, or what follows from shapes. */
function constantOf(
  producer: LayerInfo | undefined,
  blob: string,
  visited: Walk['visited'],
  feed: Walk['feed'],
): Tensor | undefined {
  if (producer === undefined || !visited.has(blob)) return undefined
  return producer.inputs.length === 0 || visited.get(blob)?.depth === 0 ? feed(blob) : undefined
}
