// One row for each blob that has a counterpart: the layers that computed it, what error they introduce, and what rounding explains.
import type { LayerInfo } from '../runners/model.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { distance, type Elements } from './distance.ts'
import { asFloat32, float32Tensor, floatsOf } from './elements.ts'
import { nearest } from './hypotheses.ts'
import { placesOf, rearrange } from './layouts.ts'
import { jitterNoise, longestSum, roundingNoise } from './noise.ts'
import { unquantize } from './quantized.ts'
import { isUnsure, type Match, visitedOf, type Walk } from './walk-state.ts'

export interface Row {
  /** The layer that computes the blob. */
  readonly layer: LayerInfo
  readonly blob: string
  readonly match: Match
  /** The layers since the nearest blobs that have counterparts, in execution order: `layer` is the last. */
  readonly segment: readonly LayerInfo[]
  /** The blobs that the segment is fed with. */
  readonly feeds: readonly string[]
  readonly sumLength: number
  /** Relative error of the blob when the segment is fed with the reference's tensors. */
  readonly introduced: number
  /** Relative error that rounding explains for these layers. */
  readonly noise: number
  /** Relative error that a cause which all layers share explains: it stays when this layer is repaired. */
  readonly background?: number
}

/** An introduced error is nobody's rounding when it is more than this many times what rounding explains. Innocents reach 6.5, culprits begin at 57. */
export const leastFactor = 10

export const factorOf = ({ introduced, noise }: Pick<Row, 'introduced' | 'noise'>): number => introduced / noise

export const isSuspect = (row: Row): boolean => factorOf(row) > leastFactor

export async function rowsOf(walk: Walk): Promise<Row[]> {
  let rows = await makeRows(walk)
  const tried = new Set<string>()
  while (await divideSegment(walk, rows, tried)) rows = await makeRows(walk)
  while (await joinSegments(walk, rows)) rows = await makeRows(walk)
  return Promise.all(rows.map((row) => withMeasuredNoise(walk, row)))
}

async function makeRows(walk: Walk): Promise<Row[]> {
  const { subject, visited } = walk
  const rows: Row[] = []
  for (const layer of subject.network.layers) {
    if (subject.network.isRepeating(layer)) continue
    for (const blob of layer.outputs) {
      const match = visited.get(blob)?.match
      if (match !== undefined) rows.push(await makeRow(walk, layer, blob, match))
    }
  }
  return rows
}

async function makeRow(walk: Walk, layer: LayerInfo, blob: string, match: Match): Promise<Row> {
  const { segment, feeds } = segmentOf(walk, layer)
  const sumLength = await longestSum(walk.subject, segment)
  return { layer, blob, match, segment, feeds, sumLength, introduced: match.error, noise: roundingNoise(sumLength) }
}

/** The row that a blob would have if its counterpart were this one; undefined for an input. */
export async function supposedRow(
  walk: Walk,
  blob: string,
  { reference, layout }: Pick<Match, 'reference' | 'layout'>,
): Promise<Row | undefined> {
  const original = walk.subject.network.original(blob)
  const layer = walk.subject.network.producer.get(original)
  if (layer === undefined || layer.type === 'Input') return undefined
  const { feeds } = segmentOf(walk, layer)
  const own = numbersOf(walk, original, (await walk.subject.compute(walk.feeds(feeds), [original]))[original])
  if (own === undefined) return undefined
  const error = distance(own, reference.elements, placesOf(layout))
  return makeRow(walk, layer, original, { ...error, reference, layout, by: 'hypothesis' })
}

function segmentOf({ subject: { network }, visited }: Walk, last: LayerInfo): Pick<Row, 'segment' | 'feeds'> {
  const segment = [last]
  const feeds = new Set<string>()
  for (const layer of segment) {
    for (const blob of layer.inputs) {
      const producer = network.producer.get(network.original(blob))
      const isGiven = visited.get(blob)?.match !== undefined || producer === undefined || producer.type === 'Input'
      if (isGiven) feeds.add(blob)
      else if (!segment.includes(producer)) segment.push(producer)
    }
  }
  segment.sort((a, b) => network.position(a) - network.position(b))
  return { segment, feeds: [...feeds] }
}

/** The reference's elements in a blob's own layout: what the blob should be. */
export const targetOf = ({ match }: Pick<Row, 'match'>): Elements => rearrange(match.reference.elements, match.layout)

/** A blob's elements as numbers, steps of int8 included. */
export function numbersOf(walk: Walk, blob: string, tensor: Tensor): Elements | undefined {
  const { scales } = visitedOf(walk, blob)
  return scales !== undefined && tensor.dtype === 'int8' ? unquantize(tensor, scales) : floatsOf(tensor)
}

/** The relative error of a row's blob when its segment is computed from these tensors; Infinity where that cannot be done. */
export async function errorFrom(walk: Walk, row: Row, given: ReadonlyMap<string, Tensor>): Promise<number> {
  try {
    const computed = await walk.subject.compute(given, [row.blob])
    const own = numbersOf(walk, row.blob, computed[row.blob])
    return own === undefined ? Infinity : distance(own, targetOf(row)).error
  } catch {
    return Infinity
  }
}

const mostDividing = 16

/**
 * A suspicious segment of several layers is divided where a blob inside of it can be some reference tensor: fed with that, the rest of the
 * segment is right.
 */
async function divideSegment(walk: Walk, rows: readonly Row[], tried: Set<string>): Promise<boolean> {
  const { references } = walk.subject
  for (const row of rows) {
    if (row.segment.length < 2 || row.introduced < leastFactor * row.noise) continue
    for (const layer of row.segment.slice(0, -1)) {
      const blob = layer.outputs[0]
      if (walk.visited.get(blob)?.match !== undefined || layer.inputs.length === 0) continue
      const attempt = `${row.blob} from ${blob}`
      if (tried.has(attempt)) continue
      tried.add(attempt)
      const own = walk.feed(blob)
      const between = references
        .ofLength(own.data.length)
        .filter((reference) => reference !== row.match.reference && reference.place < row.match.reference.place)
      for (const reference of nearest(walk, layer, between, mostDividing)) {
        for (const layout of walk.search.layouts(own.shape, reference)) {
          const supposed = float32Tensor(rearrange(reference.elements, layout), own.shape)
          const error = await errorFrom(walk, row, walk.feeds(row.feeds).set(blob, supposed))
          if (error >= Math.max(0.05 * row.introduced, leastFactor * row.noise) || error >= row.introduced / 2) continue
          walk.pinned.set(blob, { reference, layout })
          await revisit(walk, layer, row.layer)
          return true
        }
      }
    }
  }
  return false
}

/** A row that errs no more than so many times what rows usually do is right. */
const mostTimesUsual = 3

/**
 * A blob that resembles a tensor of the reference may have no counterpart: a recording may lack it. Where all who read it agree when they are
 * fed with what its layers give, and not with that tensor, or have that tensor as their own counterpart, it has none.
 */
async function joinSegments(walk: Walk, rows: readonly Row[]): Promise<boolean> {
  const { network } = walk.subject
  const sorted = rows.map(({ introduced }) => introduced).sort((a, b) => a - b)
  const usual = sorted[sorted.length >> 1] ?? 0
  const errs = ({ noise }: Row, error: number): boolean =>
    !(error <= Math.max(leastFactor * noise, mostTimesUsual * usual))
  for (const row of rows) {
    const { reference } = row.match
    if (!isUnsure(row.match) || !errs(row, row.introduced)) continue
    const readsIt = (blob: string): boolean => network.original(blob) === row.blob
    const readers = rows.filter(({ feeds }) => feeds.some(readsIt))
    if (!readers.some((reader) => errs(reader, reader.introduced) || reader.match.reference === reference)) continue
    const own = asFloat32((await walk.subject.compute(walk.feeds(row.feeds), [row.blob]))[row.blob])
    if (
      await allAgree(readers, async (reader) => {
        const given = walk.feeds(reader.feeds)
        for (const blob of reader.feeds.filter(readsIt)) given.set(blob, own)
        return !errs(reader, await errorFrom(walk, reader, given))
      })
    ) {
      walk.unmatched.add(row.blob)
      await revisit(walk, row.layer, row.layer)
      return true
    }
  }
  return false
}

async function allAgree(rows: readonly Row[], agrees: (row: Row) => Promise<boolean>): Promise<boolean> {
  for (const row of rows) if (!(await agrees(row))) return false
  return true
}

/** Visits some layers again, and those behind them that read what they give: it is fed with something else now. */
async function revisit(walk: Walk, first: LayerInfo, last: LayerInfo): Promise<void> {
  const { network } = walk.subject
  const [begin, end] = [network.position(first), network.position(last)]
  const changed = new Set<string>()
  for (const layer of network.layers.slice(begin)) {
    const reads = layer.inputs.some((blob) => changed.has(network.original(blob)))
    if (network.position(layer) > end && !reads) continue
    await walk.visit(layer)
    if (network.position(layer) <= end) for (const blob of layer.outputs) changed.add(network.original(blob))
  }
}

/** Layers that come near the estimate of their rounding are computed again on inputs moved by a roundoff: that shows what it is. */
async function withMeasuredNoise(walk: Walk, row: Row): Promise<Row> {
  const given = walk.feeds(row.feeds)
  if (factorOf(row) < 4 || given.size === 0) return row
  if ([...given.values()].some(({ dtype }) => dtype !== 'float32')) return row
  if (visitedOf(walk, row.blob).scales !== undefined) return row
  const measured = await jitterNoise(walk.subject, given, row.blob, row.sumLength)
  return { ...row, noise: Math.max(row.noise, measured) }
}
