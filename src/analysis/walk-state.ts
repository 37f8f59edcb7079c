// What a walk through the model knows: each blob's counterpart in the reference, or the blob itself.
import type { LayerInfo } from '../runners/model.ts'
import type { DType } from '../tensor/dtype.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Distance } from './distance.ts'
import type { Layout } from './layouts.ts'
import type { Scales } from './quantized.ts'
import type { ReferenceTensor } from './reference.ts'
import { type Search, sureError } from './search.ts'
import type { Subject } from './subject.ts'

/** How a counterpart was found: as an input, named by the caller, by a name that a probe confirmed, by content, by a hypothesis, or only as the output of the same rank. */
export type MatchedBy = 'input' | 'pair' | 'name' | 'content' | 'hypothesis' | 'output'

/** The counterpart of a blob, and how far the blob is from it when its layer is fed with the reference's tensors. */
export interface Match extends Distance {
  readonly reference: ReferenceTensor
  readonly layout: Layout
  readonly by: MatchedBy
}

/** What the walk knows of a blob. */
export interface Visited {
  readonly shape: readonly number[]
  readonly dtype: DType
  readonly match?: Match
  /** The blob itself, where it has no counterpart. */
  readonly own?: Tensor
  /** The steps in which int8 elements count. */
  readonly scales?: Scales
  /** Layers without a counterpart since the last one that has one. */
  readonly depth: number
  /** The last place in the reference's order that lies before this blob, or is its counterpart's. */
  readonly place: number
}

export interface Walk {
  readonly subject: Subject
  readonly search: Search
  readonly visited: Map<string, Visited>
  /** Counterparts that a hypothesis gave. */
  readonly pinned: Map<string, { readonly reference: ReferenceTensor; readonly layout: Layout }>
  /** Blobs that only seemed to have a counterpart. */
  readonly unmatched: Set<string>
  readonly namesHold: boolean
  /** The tensor to feed in place of a blob: its counterpart's elements, in the blob's layout. */
  feed(blob: string): Tensor
  /** What the layers that read `inputs` feed. */
  feeds(inputs: readonly string[]): Map<string, Tensor>
  /** Computes a layer on what is fed, and looks for its outputs in the reference. */
  visit(layer: LayerInfo): Promise<void>
  /** The last place in the reference that lies before a layer. */
  placeBefore(layer: LayerInfo): number
}

/** Whether a counterpart was supposed, or is one that a tensor only resembles. */
export const isUnsure = ({ by, error }: Match): boolean =>
  by === 'hypothesis' || (by === 'content' && error >= sureError)

export function visitedOf(walk: Walk, blob: string): Visited {
  const visited = walk.visited.get(blob)
  if (visited === undefined) throw new Error(`the walk has not come to "${blob}" yet`)
  return visited
}
