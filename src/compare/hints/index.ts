// All hypotheses, and how the hints that a report shows are chosen from what they find.
import type { Hint } from '../comparison.ts'
import { activationForms } from './causes/activation-forms.ts'
import { constantSide } from './causes/constant-side.ts'
import { cutOff } from './causes/cut-off.ts'
import { elementOperations, limits } from './causes/element-operations.ts'
import { farShifted } from './causes/far-shifted.ts'
import { functionOfElement } from './causes/function-of-element.ts'
import { integerGrid } from './causes/integer-grid.ts'
import { lines } from './causes/lines.ts'
import { linesPerSlice } from './causes/lines-per-slice.ts'
import { misreadBits } from './causes/misread-bits.ts'
import { mixedSlices } from './causes/mixed-slices.ts'
import { movedSlices } from './causes/moved-slices.ts'
import { negativeSlope } from './causes/negative-slope.ts'
import { nonFinite } from './causes/non-finite.ts'
import { oppositeRows } from './causes/opposite-rows.ts'
import { orderOfAxes } from './causes/order-of-axes.ts'
import { overflow } from './causes/overflow.ts'
import { partlyWritten } from './causes/partly-written.ts'
import { rectifiedLines } from './causes/rectified-lines.ts'
import { renamedValues } from './causes/renamed-values.ts'
import { sameAddition } from './causes/same-addition.ts'
import { shifted } from './causes/shifted.ts'
import { shortFloats } from './causes/short-floats.ts'
import { softmax } from './causes/softmax.ts'
import { softmaxForms } from './causes/softmax-forms.ts'
import { wrapped } from './causes/wrapped.ts'
import { zeroed } from './causes/zeroed.ts'
import { bestOf, type Cause, type Finding, type Hypothesis, withEvidence } from './hypothesis.ts'
import { border } from './places/border.ts'
import { onePart } from './places/one-part.ts'
import { oneSlice } from './places/one-slice.ts'
import { type Scene, setScene } from './scene.ts'
import type { HintSource } from './source.ts'
import { drift } from './tendencies/drift.ts'
import { resampled } from './tendencies/resampled.ts'

/** What explains NaN and infinities; the others speak of numbers. */
const causesOfNonFinite: readonly Cause[] = [
  { find: nonFinite, leastParameters: 0 },
  { find: overflow, leastParameters: 0 },
  { find: misreadBits, leastParameters: 0 },
]

/** Of two that explain all with as many numbers, the first is given. */
const causes: readonly Cause[] = [
  { find: constantSide, leastParameters: 0 },
  { find: overflow, leastParameters: 0 },
  { find: lines, leastParameters: 0 },
  { find: rectifiedLines, leastParameters: 2 },
  { find: linesPerSlice, leastParameters: 2 },
  { find: elementOperations, leastParameters: 0 },
  { find: negativeSlope, leastParameters: 1 },
  { find: limits, leastParameters: 2 },
  { find: activationForms, leastParameters: 1 },
  { find: softmaxForms, leastParameters: 0 },
  { find: softmax, leastParameters: 0 },
  { find: mixedSlices, leastParameters: 4 },
  { find: orderOfAxes, leastParameters: 0 },
  { find: shifted, leastParameters: 1 },
  { find: movedSlices, leastParameters: 1 },
  { find: partlyWritten, leastParameters: 1 },
  { find: zeroed, leastParameters: 1 },
  { find: sameAddition, leastParameters: 1 },
  { find: oppositeRows, leastParameters: 1 },
  { find: farShifted, leastParameters: 3 },
  { find: wrapped, leastParameters: 1 },
  { find: renamedValues, leastParameters: 0 },
  { find: cutOff, leastParameters: 1 },
  { find: integerGrid, leastParameters: 0 },
  { find: misreadBits, leastParameters: 0 },
  { find: shortFloats, leastParameters: 0 },
  { find: functionOfElement, leastParameters: 0 },
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
  const cause = bestOf(hasNonFinite ? causesOfNonFinite : causes, scene)
  const found = cause ?? (hasNonFinite ? undefined : (firstOf(places, scene) ?? firstOf(tendencies, scene)))
  return found === undefined ? [] : [{ code: found.code, message: withEvidence(found) }]
}

function firstOf(hypotheses: readonly Hypothesis[], scene: Scene): Finding | undefined {
  for (const find of hypotheses) {
    const [found] = find(scene)
    if (found !== undefined) return found
  }
  return undefined
}
