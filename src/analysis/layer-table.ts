// The table of layers: what error each blob has as the network runs, and what its own layers add to it.
import { distance } from './distance.ts'
import { isInOrder } from './layouts.ts'
import { factorOf, numbersOf, type Row, targetOf } from './rows.ts'
import type { MatchedBy, Walk } from './walk-state.ts'

/** One row for each blob of the model that has a counterpart. Errors are relative: `|own - reference| / |reference|`. */
export interface LayerRow {
  /** The layer that computes the blob. */
  readonly layer: string
  readonly type: string
  readonly blob: string
  readonly counterpart: {
    readonly name: string
    readonly by: MatchedBy
    /** The order in which the reference's axes come in the model's blob; absent where it is the same. */
    readonly order?: readonly number[]
  }
  /** As the network runs. */
  readonly inherited: number
  /** When the layer is fed with the reference's tensors. */
  readonly introduced: number
  /** What rounding explains for this layer. */
  readonly noise: number
  /** `introduced / noise`. */
  readonly factor: number
  /** The layers that this row stands for, in order: those before `layer` have no counterpart in the reference. */
  readonly segment: readonly string[]
}

/** Runs the network once more, and measures each blob as it is computed. */
export async function layerTable(walk: Walk, rows: readonly Row[]): Promise<LayerRow[]> {
  const { model, inputs } = walk.subject
  const byBlob = new Map(rows.map((row) => [row.blob, row]))
  const inherited = new Map<string, number>()
  await model.run(inputs, {
    outputs: [...byBlob.keys()],
    onTensor: (name, tensor) => {
      const row = byBlob.get(name)
      const own = row && numbersOf(walk, name, tensor)
      if (row !== undefined && own !== undefined) inherited.set(name, distance(own, targetOf(row)).error)
    },
  })
  return rows.map((row): LayerRow => {
    const { layer, blob, match, segment, introduced, noise } = row
    const { order } = match.layout
    return {
      layer: layer.name,
      type: layer.type,
      blob,
      counterpart: { name: match.reference.name, by: match.by, ...(!isInOrder(order) && { order }) },
      inherited: inherited.get(blob) ?? Number.NaN,
      introduced,
      noise,
      factor: factorOf(row),
      segment: segment.map(({ name }) => name),
    }
  })
}
