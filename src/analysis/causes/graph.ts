// An operation too many, or one that only the reference has: does the error go away when it is left out, or put in?
import type { LayerInfo } from '../../runners/model.ts'
import { distance } from '../distance.ts'
import { float32Tensor, floatsOf } from '../elements.ts'
import { rearrange } from '../layouts.ts'
import { errorFrom, numbersOf, type Row, targetOf } from '../rows.ts'
import type { Walk } from '../walk-state.ts'
import { isGone } from './one-layer.ts'

export interface GraphDifference {
  readonly layer: LayerInfo
  readonly evidence: string
}

/** How many tensors of the reference are tried in place of an input. */
const mostTried = 12

export async function graphDifference(walk: Walk, row: Row): Promise<GraphDifference | undefined> {
  return (await leftOut(walk, row)) ?? (await putIn(walk, row)) ?? (await endsBefore(walk, row))
}

async function leftOut(walk: Walk, row: Row): Promise<GraphDifference | undefined> {
  for (const layer of row.segment) {
    if (layer.inputs.length !== 1 || layer.outputs.length !== 1) continue
    const [input, output] = [walk.feed(layer.inputs[0]), layer.outputs[0]]
    const shape = walk.visited.get(output)?.shape ?? []
    if (input.data.length !== walk.subject.facts.get(output)?.length) continue
    const found = {
      layer,
      evidence: `without ${layer.name} (${layer.type}) the error is gone: the reference has no such operation`,
    }
    if (layer === row.layer) {
      const elements = row.segment.length === 1 ? floatsOf(input) : undefined
      if (elements !== undefined && isGone(distance(elements, targetOf(row)).error, row, 0.01)) return found
    } else {
      const given = walk.feeds(row.feeds).set(output, { ...input, shape })
      if (isGone(await errorFrom(walk, row, given), row, 0.01)) return found
    }
  }
  return undefined
}

async function putIn(walk: Walk, row: Row): Promise<GraphDifference | undefined> {
  if (row.segment.length > 1) return undefined
  const { layer, match } = row
  for (const blob of layer.inputs) {
    const fed = walk.feed(blob)
    const elements = floatsOf(fed)
    if (elements === undefined) continue
    const place = walk.visited.get(blob)?.place ?? -1
    const between = walk.subject.references
      .ofLength(elements.length)
      .filter((reference) => reference.place > place && reference.place < match.reference.place)
      .slice(0, mostTried)
    for (const reference of between) {
      const [layout] = walk.search.layouts(fed.shape, reference)
      const supposed = float32Tensor(rearrange(reference.elements, layout), fed.shape)
      if (distance(supposed.data as Float32Array, elements).error < 1e-6) continue
      if (!isGone(await errorFrom(walk, row, walk.feeds(layer.inputs).set(blob, supposed)), row, 0.01)) continue
      return {
        layer,
        evidence: `fed with the reference's ${reference.name} it agrees: the reference has an operation more before it`,
      }
    }
  }
  return undefined
}

/** What the layer computes may be another of the reference's tensors, one that comes before its counterpart. */
async function endsBefore(walk: Walk, row: Row): Promise<GraphDifference | undefined> {
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
  return { layer, evidence: `it gives the reference's ${given.name}: the reference has an operation more behind it` }
}
