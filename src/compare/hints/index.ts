// All hypotheses, and how the hints that a report shows are chosen from what they find.
import type { Hint } from '../comparison.ts'
import { activationForms } from './causes/activation-forms.ts'
import { constantSide } from './causes/constant-side.ts'
import { elementOperations, limits } from './causes/element-operations.ts'
import { integerGrid } from './causes/integer-grid.ts'
import { lines } from './causes/lines.ts'
import { linesPerSlice } from './causes/lines-per-slice.ts'
import { misreadBits } from './causes/misread-bits.ts'
import { movedSlices } from './causes/moved-slices.ts'
import { nonFinite } from './causes/non-finite.ts'
import { orderOfAxes } from './causes/order-of-axes.ts'
import { overflow } from './causes/overflow.ts'
import { partlyWritten } from './causes/partly-written.ts'
import { rectifiedLines } from './causes/rectified-lines.ts'
import { shifted } from './causes/shifted.ts'
import { shortFloats } from './causes/short-floats.ts'
import { softmax } from './causes/softmax.ts'
import { zeroed } from './causes/zeroed.ts'
import { bestOf, type Finding, type Hypothesis, withEvidence } from './hypothesis.ts'
import { border } from './places/border.ts'
import { onePart } from './places/one-part.ts'
import { oneSlice } from './places/one-slice.ts'
import { type Scene, setScene } from './scene.ts'
import type { HintSource } from './source.ts'
import { drift } from './tendencies/drift.ts'
import { resampled } from './tendencies/resampled.ts'

/** What explains NaN and infinities; the others speak of numbers. */
const causesOfNonFinite: readonly Hypothesis[] = [nonFinite, overflow, misreadBits]

const causes: readonly Hypothesis[] = [
  constantSide,
  overflow,
  lines,
  linesPerSlice,
  rectifiedLines,
  elementOperations,
  limits,
  activationForms,
  softmax,
  orderOfAxes,
  shifted,
  movedSlices,
  partlyWritten,
  zeroed,
  integerGrid,
  misreadBits,
  shortFloats,
]

/** Where the error lies, when its cause is not known: the first that fits. */
const places: readonly Hypothesis[] = [oneSlice, border, onePart]

/** What the errors look like, when nothing else is known. */
const tendencies: readonly Hypothesis[] = [resampled, drift]

/** Larger tensors are not copied for the sake of a hint. */
const mostElements = 2 ** 23

/** What explains a failed comparison: the cause that explains most of the error, else a place, else a tendency. */
export function findHints(source: HintSource): Hint[] {
  if (source.pairs.length > mostElements) return []
  const scene = setScene(source)
  const hasNonFinite = scene.finitePairs < scene.length
  if (scene.error === 0 && !hasNonFinite) return []
  const cause = bestOf(findAll(hasNonFinite ? causesOfNonFinite : causes, scene), scene)
  const found = cause ?? (hasNonFinite ? undefined : (firstOf(places, scene) ?? firstOf(tendencies, scene)))
  return found === undefined ? [] : [{ code: found.code, message: withEvidence(found) }]
}

function findAll(hypotheses: readonly Hypothesis[], scene: Scene): Finding[] {
  return hypotheses.flatMap((find) => find(scene))
}

function firstOf(hypotheses: readonly Hypothesis[], scene: Scene): Finding | undefined {
  for (const find of hypotheses) {
    const [found] = find(scene)
    if (found !== undefined) return found
  }
  return undefined
}
