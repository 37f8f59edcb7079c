// An operation too many, or one that only the reference has: does the error go away when it is left out, or put in?
import type { LayerInfo } from '../../runners/model.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { distance } from '../distance.ts'
import { float32Tensor, floatsOf } from '../elements.ts'
import { rearrange } from '../layouts.ts'
import { errorFrom, numbersOf, type Row, supposedRow, targetOf } from '../rows.ts'
import type { Walk } from '../walk-state.ts'
import { changing, type Explanation, type Scene } from './found.ts'
import { changedParameter } from './layer-fault.ts'
import { errorOfChanged, isGone } from './one-layer.ts'

/** How many tensors of the reference are tried in place of an input. */
const mostTried = 12

export async function graphDifference(scene: Scene, row: Row): Promise<Explanation | undefined> {
  return (await leftOut(scene, row)) ?? (await putIn(scene, row)) ?? (await endsBefore(scene.walk, row))
}

async function leftOut(scene: Scene, row: Row): Promise<Explanation | undefined> {
  const { walk } = scene
  for (const layer of row.segment) {
    if (layer.inputs.length !== 1 || layer.outputs.length !== 1) continue
    const [input, output] = [walk.feed(layer.inputs[0]), layer.outputs[0]]
    const shape = walk.visited.get(output)?.shape ?? []
    if (input.data.length !== walk.subject.facts.get(output)?.length) continue
    const error =
      layer === row.layer
        ? distanceTo(row, input)
        : await errorFrom(walk, row, walk.feeds(row.feeds).set(output, { ...input, shape }))
    if (!isGone(error, row, 0.01)) continue
    return {
      cause: 'graph',
      layer,
      evidence: `without ${layer.name} (${layer.type}) the error is gone: the reference has no such operation`,
      ...(await omission(scene, row, layer)),
    }
  }
  return undefined
}

function distanceTo(row: Row, tensor: Tensor): number {
  const elements = floatsOf(tensor)
  return elements === undefined ? Infinity : distance(elements, targetOf(row)).error
}

/** ncnn's layer that hands its input on, in place of the one that is too many. */
async function omission(scene: Scene, row: Row, layer: LayerInfo): Promise<Pick<Explanation, 'repair'>> {
  const change = { type: 'Noop' }
  const after = await errorOfChanged(scene, row, layer, change)
  if (!isGone(after, row, 0.01)) return {}
  return {
    repair: { what: 'it is left out', settings: changing(layer.name, change), before: row.introduced, after },
  }
}

/**
 * A layer may read another of the reference's tensors: what its input's own layer gives when one parameter is changed, or what another
 * operation makes of it.
 */
async function putIn(scene: Scene, row: Row): Promise<Explanation | undefined> {
  const { walk } = scene
  const { network } = walk.subject
  const originals = new Set(row.feeds.map(network.original))
  for (const original of originals) {
    const copies = row.feeds.filter((blob) => network.original(blob) === original)
    const readers = row.segment.filter(({ inputs }) => inputs.some((blob) => copies.includes(blob)))
    const first = await readingAnother(scene, row, readers[0], copies)
    if (first !== undefined) return first
    for (const layer of readers.length > 1 ? readers : []) {
      const own = copies.filter((blob) => layer.inputs.includes(blob))
      const found = own.length < copies.length ? await readingAnother(scene, row, layer, own) : undefined
      if (found !== undefined) return found
    }
  }
  return undefined
}

/** @param blobs copies of one blob, which the layer reads */
async function readingAnother(
  scene: Scene,
  row: Row,
  layer: LayerInfo,
  [blob, ...copies]: readonly string[],
): Promise<Explanation | undefined> {
  const { walk } = scene
  const fed = walk.feed(blob)
  const elements = floatsOf(fed)
  if (elements === undefined) return undefined
  const place = walk.visited.get(blob)?.place ?? -1
  const between = walk.subject.references
    .ofLength(elements.length)
    .filter((reference) => reference.place > place && reference.place < row.match.reference.place)
    .slice(0, mostTried)
  for (const reference of between) {
    const [layout] = walk.search.layouts(fed.shape, reference)
    const supposed = float32Tensor(rearrange(reference.elements, layout), fed.shape)
    if (distance(supposed.data as Float32Array, elements).error < 1e-6) continue
    const given = walk.feeds(row.feeds)
    for (const name of [blob, ...copies]) given.set(name, supposed)
    if (!isGone(await errorFrom(walk, row, given), row, 0.01)) continue
    const before = await supposedRow(walk, blob, { reference, layout })
    const fault = before && (await changedParameter(scene, before))
    return (
      fault ?? {
        cause: 'graph',
        layer,
        evidence: `fed with the reference's ${reference.name} it agrees: the reference has an operation more before it`,
      }
    )
  }
  return undefined
}

/** What the layer computes may be another of the reference's tensors, one that comes before its counterpart. */
async function endsBefore(walk: Walk, row: Row): Promise<Explanation | undefined> {
  const { layer, blob, match, feeds } = row
  const computed = await walk.subject.compute(walk.feeds(feeds), [blob])
  const own = numbersOf(walk, blob, computed[blob])
  if (own === undefined) return undefined
  const place = walk.placeBefore(layer)
  const between = walk.subject.references
    .ofLength(own.length)
    .filter((reference) => reference.place > place && reference.place < match.reference.place)
  const given = between.find((reference) => {
    const [layout] = walk.search.layouts(computed[blob].shape, reference)
    return isGone(distance(own, rearrange(reference.elements, layout)).error, row, 0.01)
  })
  if (given === undefined) return undefined
  return {
    cause: 'graph',
    layer,
    evidence: `it gives the reference's ${given.name}: the reference has an operation more behind it`,
  }
}
