// In which order one extractor is fed and asked, so that every layer runs once and every blob is read before it is gone.

import type { Part } from '../../../graph.ts'
import type { GraphLayer } from '../../graph.ts'
import type { Topology } from '../../topology.ts'

export type PlannedStep =
  | { readonly feed: string }
  /** `keep` is false when only the layers up to the blob are to run. */
  | { readonly extract: string; readonly keep: boolean }

/**
 * Plans a run. Blobs are extracted in execution order: in ncnn's light mode a blob is gone once its consumer has run, and asking
 * for it then gives a blob without elements, or the layers run again.
 *
 * A layer that must run although one of its outputs was fed overwrites what was fed: it is made to run first, then the blob is
 * fed again.
 */
export function planSteps(
  { producers }: Topology,
  { layers }: Part<GraphLayer>,
  fed: ReadonlySet<string>,
  requested: ReadonlySet<string>,
): PlannedStep[] {
  const readers = new Set(layers.flatMap((layer) => layer.inputs))
  const read = [...fed].filter((blob) => readers.has(blob))
  const steps: PlannedStep[] = read.map((feed) => ({ feed }))
  for (const layer of layers) {
    const wanted = layer.outputs.filter((blob) => requested.has(blob) && !fed.has(blob))
    for (const extract of wanted) steps.push({ extract, keep: true })
    const overwritten = read.filter((blob) => producers.get(blob) === layer)
    if (overwritten.length === 0) continue
    const [other] = layer.outputs.filter((blob) => !fed.has(blob))
    if (wanted.length === 0) steps.push({ extract: other, keep: false })
    for (const feed of overwritten) steps.push({ feed })
  }
  return steps
}
