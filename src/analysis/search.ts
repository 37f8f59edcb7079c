// Finds a tensor's counterpart among the reference's by content, in whatever layout, and learns which layouts this pair of models uses.
import type { Distance } from './distance.ts'
import { distance, type Elements, mayBeSame, summarizeElements } from './distance.ts'
import { bestFit, type Fit, type Layout, layoutsBetween, placesOf, sameOrder } from './layouts.ts'
import type { ReferenceTensor, ReferenceTensors } from './reference.ts'

/** Below this error two tensors are the same one, whatever else there is. */
export const sureError = 0.02
/** What is off by more was stored in fewer bits, and may be as near in another layout. */
const plainError = 1e-3
/** A tensor that is farther away than this is no candidate. */
const mostError = 0.9
/** A damaged tensor is still recognised up to this error, when it is shaped like the candidate and like no other. */
const recognizableError = 0.25
const recognizableCorrelation = 0.97
const recognizableLead = 3

export interface Candidate extends Fit {
  readonly reference: ReferenceTensor
}

export interface Search {
  /**
   * The reference tensor that `own` surely is, or is far more like than any other.
   * @param after the last place in the reference that lies before this tensor: earlier tensors are no more than a last resort
   * @param reshapes whether the layer may change the layout
   */
  find(
    own: Elements,
    shape: readonly number[],
    after: number,
    reshapes: boolean,
  ): (Candidate & { readonly early: boolean }) | undefined
  /** How near `own` is to one reference tensor, in the layout that this pair of models uses. */
  fit(own: Elements, shape: readonly number[], reference: ReferenceTensor): Candidate
  /** Layouts in which a tensor of the model may be held by the reference: the one seen so far, or the first few. */
  layouts(shape: readonly number[], reference: ReferenceTensor): readonly Layout[]
  /** Remembers the layout of a sure match; of one that is off by more than float32 rounds, only what no other layout comes near. */
  learn(own: Elements, shape: readonly number[], candidate: Candidate): void
}

/** @param namesHold whether equal names mean the same tensors: then the layout is the same, too, until another one is seen */
export function searchIn(references: ReferenceTensors, namesHold: boolean): Search {
  /** The order of axes that sure matches of so many axes had. */
  const learned = new Map<number, Layout>()

  const usual = (shape: readonly number[], reference: ReferenceTensor): Layout | undefined => {
    const all = layoutsBetween(shape, reference.tensor.shape)
    const seen = learned.get(all[0].of.length)
    return seen && all.find((layout) => sameOrder(layout, seen))
  }
  const layouts = (shape: readonly number[], reference: ReferenceTensor): readonly Layout[] => {
    const seen = usual(shape, reference)
    if (seen !== undefined) return [seen]
    return layoutsBetween(shape, reference.tensor.shape).slice(0, namesHold ? 1 : 3)
  }
  const inLayoutOf = (own: Elements, reference: ReferenceTensor, layout: Layout): Candidate => ({
    ...distance(own, reference.elements, placesOf(layout)),
    layout,
    reference,
  })

  return {
    layouts,
    learn(own, shape, { error, layout, reference }) {
      const axes = layout.of.length
      if (axes < 2 || error >= sureError) return
      const isTelling = (): boolean =>
        !learned.has(axes) &&
        layoutsBetween(shape, reference.tensor.shape).every(
          (other) => sameOrder(other, layout) || inLayoutOf(own, reference, other).error > recognizableLead * error,
        )
      if (error < plainError || isTelling()) learned.set(axes, layout)
    },
    fit(own, shape, reference) {
      const best = bestFit(own, reference.elements, layoutsBetween(shape, reference.tensor.shape))
      if (best !== undefined && best.error < sureError) return { ...best, reference }
      return inLayoutOf(own, reference, layouts(shape, reference)[0])
    },
    find(own, shape, after, reshapes) {
      const summary = summarizeElements(own)
      let top: (Candidate & { readonly early: boolean }) | undefined
      let second: Distance | undefined
      for (const reference of references.ofLength(own.length)) {
        if (!mayBeSame(summary, reference.summary, recognizableError)) continue
        const alike = layoutsBetween(shape, reference.tensor.shape).filter(
          (layout) => !isUnlike(own, reference, layout),
        )
        const best = bestFit(own, reference.elements, alike)
        if (best === undefined || !(best.error < mostError)) continue
        let candidate: Candidate = { ...best, reference }
        // An image with height and width exchanged is no match, though a transposed kernel makes one.
        const seen = best.layout.of.length === 3 && !reshapes ? learned.get(3) : undefined
        if (seen !== undefined && !sameOrder(seen, best.layout)) {
          candidate = inLayoutOf(own, reference, layouts(shape, reference)[0])
          if (!(candidate.error < mostError)) continue
        }
        const entry = { ...candidate, early: reference.place <= after }
        if (top === undefined || isBetter(entry, top)) {
          const replaced = top
          if (replaced && Math.abs(replaced.error - entry.error) > 0.5 * replaced.error)
            second = nearer(second, replaced)
          top = entry
        } else if (entry.error > 1.5 * top.error) second = nearer(second, entry)
      }
      if (top === undefined || top.error < sureError) return top
      const recognizable =
        top.error < recognizableError &&
        top.correlation > recognizableCorrelation &&
        !top.early &&
        (second?.error ?? mostError) > recognizableLead * top.error
      return recognizable ? top : undefined
    },
  }
}

/** How many elements are looked at before all of them are; smaller tensors are compared at once. */
const samples = 2048

/** Whether a sample shows already that a tensor is farther away than a candidate may be. */
function isUnlike(own: Elements, { elements, summary }: ReferenceTensor, layout: Layout): boolean {
  if (own.length < 4 * samples) return false
  const places = placesOf(layout)
  // Odd, so that no axis is walked along.
  const step = Math.floor(own.length / samples) | 1
  let [squares, count] = [0, 0]
  for (let i = 0; i < own.length; i += step) {
    squares += (own[i] - elements[places === undefined ? i : places[i]]) ** 2
    count++
  }
  // More than what a candidate may be off, by what the sample may be.
  return squares > count * (1.1 * mostError * summary.rms) ** 2
}

const nearer = (known: Distance | undefined, other: Distance): Distance =>
  known === undefined || other.error < known.error ? other : known

type Ranked = Candidate & { readonly early: boolean }

/** Nearer is better; among sure ones, one that comes later than what the tensor was computed from. */
function isBetter(entry: Ranked, top: Ranked): boolean {
  const sure = entry.error < sureError
  if (sure && top.early && !entry.early && entry.error < top.error * 20 + 1e-6) return true
  if (entry.early === top.early && entry.error < top.error * (sure ? 0.3 : 1)) return true
  return entry.error < 0.1 * top.error
}
