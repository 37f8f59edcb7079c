// Several layers err: how much of the outputs' error each of them makes.
import { outputError, outputRows } from './output-error.ts'
import { factorOf, type Row } from './rows.ts'
import type { Walk } from './walk-state.ts'

/** Suspects whose share is measured: those that exceed rounding the most. */
const mostMeasured = 8

/**
 * Orders suspects by their share of the outputs' error. One after the other, in the order of the network, the reference's tensors are put in
 * their place, and stay there: by what the outputs gain each time.
 */
export async function rankByShare(walk: Walk, rows: readonly Row[], suspects: readonly Row[]): Promise<Row[]> {
  if (suspects.length < 2) return [...suspects]
  const { model, network, inputs } = walk.subject
  const outputs = outputRows(walk, rows)
  const errorWith = (blobs: readonly string[]): Promise<number> =>
    outputError(walk, model, outputs, { ...inputs, ...Object.fromEntries(walk.feeds(blobs)) })
  const byFactor = [...suspects].sort((a, b) => factorOf(b) - factorOf(a))
  const measured = byFactor.slice(0, mostMeasured)
  measured.sort((a, b) => network.position(a.layer) - network.position(b.layer))
  const replaced: string[] = []
  const shares = new Map<Row, number>()
  let before = await errorWith(replaced)
  for (const row of measured) {
    replaced.push(row.blob)
    const after = await errorWith(replaced)
    shares.set(row, before ** 2 - after ** 2)
    before = after
  }
  const shareOf = (row: Row): number => shares.get(row) ?? 0
  measured.sort((a, b) => shareOf(b) - shareOf(a) || factorOf(b) - factorOf(a))
  return [...measured, ...byFactor.slice(mostMeasured)]
}
