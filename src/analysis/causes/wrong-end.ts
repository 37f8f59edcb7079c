// Outputs that are another tensor of the reference than the one they are compared with: it goes on behind it, or outputs are exchanged.
import { distance } from '../distance.ts'
import type { OutputComparison } from '../outputs.ts'
import { type Row, supposedRow } from '../rows.ts'
import { visitedOf } from '../walk-state.ts'
import type { Explanation, Scene } from './found.ts'
import { changedParameter } from './layer-fault.ts'

export interface WrongEnd {
  readonly row: Row
  /** Relative error of the output that is compared. */
  readonly error: number
  readonly explanation: Explanation
}

/** Tensors of the reference nearer to each other than this may be one, after a reshape or a rounding. */
const leastApart = 0.01
/** Neither are those that are nearer to each other than so many times what the row is off its own. */
const mostTimes = 10

/** @param rows of which none errs more than what is shared explains */
export async function wrongEnds(
  scene: Scene,
  rows: readonly Row[],
  outputs: readonly OutputComparison[],
): Promise<WrongEnd[]> {
  const { subject, search } = scene.walk
  const ends: WrongEnd[] = []
  for (const { name, reference, error } of outputs) {
    const row = rows.find(({ blob }) => blob === subject.network.original(name))
    const expected = subject.references.byName.get(reference)
    if (row === undefined || expected === undefined || !(error > leastApart)) continue
    const found = row.match.reference
    const isOne =
      found.name === reference ||
      (found.elements.length === expected.elements.length &&
        distance(found.elements, expected.elements).error < Math.max(leastApart, mostTimes * row.introduced))
    if (isOne) continue
    const isOutput = subject.referenceOutputs.includes(found.name)
    // The operation may be one that the layer could do itself.
    const { shape } = visitedOf(scene.walk, row.blob)
    const right = isOutput
      ? undefined
      : await supposedRow(scene.walk, row.blob, { reference: expected, layout: search.layouts(shape, expected)[0] })
    const fault = right && (await changedParameter(scene, { ...right, background: row.introduced }))
    const what = isOutput ? 'name its counterpart in pairs' : 'the reference has an operation more behind it'
    const evidence = `it gives the reference's ${found.name}, but is compared with ${reference}: ${what}`
    ends.push({ row, error, explanation: fault ?? { cause: 'graph', evidence } })
  }
  return ends
}
