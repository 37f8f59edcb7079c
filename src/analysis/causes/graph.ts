// An operation too many, or one that only the reference has: does the error go away when it is left out, or put in?
import type { LayerInfo } from '../../runners/model.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { distance } from '../distance.ts'
import { float32Tensor, floatsOf } from '../elements.ts'
import { type Layout, rearrange } from '../layouts.ts'
import { mayReshape } from '../network.ts'
import type { ReferenceTensor } from '../reference.ts'
import { errorFrom, numbersOf, type Row, supposedRow, targetOf } from '../rows.ts'
import type { Walk } from '../walk-state.ts'
import { changing, type Explanation, type Scene } from './found.ts'
import { changedParameter } from './layer-fault.ts'
import { errorOfChanged, isGone } from './one-layer.ts'

/** How many tensors of the reference are tried in place of an input. */
const mostTried = 12

export async function graphDifference(scene: Scene, row: Row): Promise<Explanation | undefined> {
  return (await leftOut(scene, row)) ?? (await putIn(scene, row)) ?? (await endsBefore(scene, row))
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
  const last = row.match.reference.place + (onlyMoves(row) ? 1 : 0)
  const between = walk.subject.references
    .ofLength(elements.length)
    .filter((reference) => reference.place > place && reference.place < last)
    .slice(0, mostTried)
  for (const reference of between) {
    const [layout] = walk.search.layouts(fed.shape, reference)
    const supposed = float32Tensor(rearrange(reference.elements, layout), fed.shape)
    if (distance(supposed.data as Float32Array, elements).error < 1e-6) continue
    const given = walk.feeds(row.feeds)
    for (const name of [blob, ...copies]) given.set(name, supposed)
    if (!isGone(await errorFrom(walk, row, given), row, 0.01)) continue
    const before = await supposedRow(walk, blob, { reference, layout })
    // What is shared stays there, too.
    const fault = before && (await faultBefore(scene, { ...before, noise: Math.max(before.noise, row.noise) }))
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

/** One parameter that makes a layer give what its reader should read: its own, or where it only moves elements, one of the layer before. */
async function faultBefore(scene: Scene, row: Row): Promise<Explanation | undefined> {
  const own = await changedParameter(scene, row)
  if (own !== undefined || !onlyMoves(row)) return own
  const found = await putIn(scene, row)
  return found?.cause === 'parameter' ? found : undefined
}

/** Such a layer may have the same counterpart as what it should read. */
const onlyMoves = ({ layer, sumLength }: Row): boolean => mayReshape(layer) && sumLength === 0

/** What the layer computes may be another of the reference's tensors, one that comes before its counterpart. */
async function endsBefore(scene: Scene, row: Row): Promise<Explanation | undefined> {
  const given = await givenInstead(scene.walk, row)
  if (given === undefined) return undefined
  // The operation may be one that the layer could do itself, or another in its place that reads the same.
  const fault = await changedParameter(scene, row)
  return (
    fault ?? {
      cause: 'graph',
      layer: row.layer,
      evidence: `it gives the reference's ${given.reference.name}: the reference has an operation more behind it`,
    }
  )
}

/** The tensor of the reference, before the row's counterpart, that the row's layers give when they are fed with the reference's. */
async function givenInstead(
  walk: Walk,
  row: Row,
): Promise<{ readonly reference: ReferenceTensor; readonly layout: Layout } | undefined> {
  const { layer, blob, match, feeds } = row
  const computed = await walk.subject.compute(walk.feeds(feeds), [blob])
  const own = numbersOf(walk, blob, computed[blob])
  if (own === undefined) return undefined
  const place = walk.placeBefore(layer)
  for (const reference of walk.subject.references.ofLength(own.length)) {
    if (reference.place <= place || reference.place >= match.reference.place) continue
    const [layout] = walk.search.layouts(computed[blob].shape, reference)
    if (isGone(distance(own, rearrange(reference.elements, layout)).error, row, 0.01)) return { reference, layout }
  }
  return undefined
}

/**
 * The rows that err themselves. Where the reference has an operation more behind a layer, some readers of its blob take what comes behind
 * the operation and others what comes before it: fed with that, these agree.
 */
export async function withoutMisfed({ walk }: Scene, rows: readonly Row[]): Promise<readonly Row[]> {
  const { network } = walk.subject
  const misfed = new Set<Row>()
  for (const source of rows) {
    const readsIt = (blob: string): boolean => network.original(blob) === source.blob
    const readers = rows.filter(({ feeds }) => feeds.some(readsIt))
    if (readers.length === 0) continue
    const given = await givenInstead(walk, source)
    if (given === undefined) continue
    const supposed = float32Tensor(rearrange(given.reference.elements, given.layout), walk.feed(source.blob).shape)
    for (const reader of readers) {
      const feeds = walk.feeds(reader.feeds)
      for (const blob of reader.feeds.filter(readsIt)) feeds.set(blob, supposed)
      if (isGone(await errorFrom(walk, reader, feeds), reader, 0.01)) misfed.add(reader)
    }
  }
  return rows.filter((row) => !misfed.has(row))
}
