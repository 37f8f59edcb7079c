// Which classes score highest, and whether two tensors agree about it: what a classifier's users see of its numbers.
import { elementAt } from '../tensor/decode.ts'
import { unravelIndex } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Index } from './comparison.ts'

type Score = number | bigint

/** A class and how both sides score it. */
export interface ScoredClass {
  readonly index: number
  readonly actual: Score
  readonly reference: Score
}

/** A row in which the top classes differ by more than a tie, or cannot be ranked. */
export interface TopKDisagreement {
  /** Position of the row: the index without the last axis. */
  readonly row: Index
  /** The top classes of each side, best first. */
  readonly actualTop: readonly ScoredClass[]
  readonly referenceTop: readonly ScoredClass[]
  /** The clearest swap: `entered` drove out `displaced`, which the reference scores higher by `gap`. Undefined when a score is NaN. */
  readonly swap:
    | {
        readonly entered: ScoredClass
        readonly displaced: ScoredClass
        readonly gap: number
        /** How far apart the reference may score two classes that count as a tie: `atol + rtol * |displaced|`. */
        readonly allowed: number
      }
    | undefined
}

/**
 * The rows along the last axis in which `actual` and `reference`, of one shape, do not have the same `k` best classes.
 *
 * The order within the top `k` does not matter. A class may take the place of another when the reference scores the two within
 * `atol + rtol * |displaced|`. A tie on the side of `actual` excuses nothing: a model whose scores all became equal must not pass.
 * Of equal scores the lower index ranks higher, as in argmax. A row with a NaN cannot be ranked and never agrees.
 */
export function findTopKDisagreements(
  actual: Tensor,
  reference: Tensor,
  k: number,
  { atol, rtol }: { readonly atol: number; readonly rtol: number },
): TopKDisagreement[] {
  const classes = reference.shape.at(-1) ?? 1
  const rowShape = reference.shape.slice(0, -1)
  const disagreements: TopKDisagreement[] = []
  for (let start = 0; start < reference.data.length; start += classes) {
    const scored = (index: number): ScoredClass => ({
      index,
      actual: elementAt(actual, start + index),
      reference: elementAt(reference, start + index),
    })
    const ourTop = selectTop(actual, start, classes, k)
    const theirTop = selectTop(reference, start, classes, k)
    const swap = ourTop && theirTop && clearestSwap(ourTop, theirTop, scored, atol, rtol)
    if (ourTop && theirTop && swap === undefined) continue
    disagreements.push({
      row: unravelIndex(start / classes, rowShape),
      actualTop: (ourTop ?? []).map(scored),
      referenceTop: (theirTop ?? []).map(scored),
      swap,
    })
  }
  return disagreements
}

/** Indices of the `k` highest of a row's scores, best first; undefined when one of the scores is NaN. */
function selectTop(scores: Tensor, start: number, classes: number, k: number): number[] | undefined {
  const top: number[] = []
  const score = (index: number) => elementAt(scores, start + index)
  for (let index = 0; index < classes; index++) {
    const value = score(index)
    if (Number.isNaN(value)) return undefined
    if (top.length === k && !(value > score(top[k - 1] ?? 0))) continue
    let place = Math.min(top.length, k - 1)
    while (place > 0 && value > score(top[place - 1] ?? 0)) place--
    top.splice(place, 0, index)
    if (top.length > k) top.pop()
  }
  return top
}

/** Of the classes that changed places across the boundary, the pair the reference holds farthest apart, if that is no tie. */
function clearestSwap(
  ourTop: readonly number[],
  theirTop: readonly number[],
  scored: (index: number) => ScoredClass,
  atol: number,
  rtol: number,
): TopKDisagreement['swap'] {
  // both lists go from best to worst
  const byReference = (a: ScoredClass, b: ScoredClass) => (a.reference < b.reference ? -1 : 1)
  const displaced = theirTop.filter((index) => !ourTop.includes(index)).map(scored)[0]
  const entered = ourTop
    .filter((index) => !theirTop.includes(index))
    .map(scored)
    .sort(byReference)[0]
  if (displaced === undefined || entered === undefined || displaced.reference === entered.reference) return undefined
  const gap = difference(displaced.reference, entered.reference)
  const allowed = atol + rtol * Math.abs(Number(displaced.reference))
  return Number.isFinite(gap) && gap <= allowed ? undefined : { entered, displaced, gap, allowed }
}

function difference(a: Score, b: Score): number {
  return typeof a === 'bigint' && typeof b === 'bigint' ? Number(a - b) : Number(a) - Number(b)
}
