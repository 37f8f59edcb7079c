// Outputs that are another tensor of the reference than the one they are compared with: it goes on behind it, or outputs are exchanged.
import { distance } from '../distance.ts'
import type { OutputComparison } from '../outputs.ts'
import { isSuspect, type Row } from '../rows.ts'
import type { Walk } from '../walk-state.ts'

export interface WrongEnd {
  readonly row: Row
  /** Relative error of the output that is compared. */
  readonly error: number
  readonly evidence: string
}

/** Tensors of the reference nearer to each other than this may be one, after a reshape or a rounding. */
const leastApart = 0.01

export function wrongEnds({ subject }: Walk, rows: readonly Row[], outputs: readonly OutputComparison[]): WrongEnd[] {
  return outputs.flatMap(({ name, reference, error }) => {
    const row = rows.find(({ blob }) => blob === subject.network.original(name))
    const expected = subject.references.byName.get(reference)
    if (row === undefined || expected === undefined || isSuspect(row) || !(error > leastApart)) return []
    const found = row.match.reference
    const isOne =
      found.name === reference ||
      (found.elements.length === expected.elements.length &&
        distance(found.elements, expected.elements).error < leastApart)
    if (isOne) return []
    const evidence = subject.referenceOutputs.includes(found.name)
      ? `it gives the reference's ${found.name}, but is compared with ${reference}: name its counterpart in pairs`
      : `it gives the reference's ${found.name}, but is compared with ${reference}: the reference has an operation more behind it`
    return [{ row, error, evidence }]
  })
}
