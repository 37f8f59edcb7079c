// Whether a tensor is near to the one whose fingerprint was stored.
import type { CompareOptions } from '../../compare/options/options.ts'
import { resolveTolerance } from '../../compare/options/tolerance.ts'
import { elementAt } from '../../tensor/decode.ts'
import { formatShape, sameShape, sizeOf, unravelIndex } from '../../tensor/shape.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { figuresPerSlice, sliceOf } from './axis-sums.ts'
import { type Fingerprint, makeFingerprint, type NonFinite } from './fingerprint.ts'
import { sketchDistance } from './sketch.ts'

export interface FingerprintVerdict {
  readonly pass: boolean
  /** Estimated `|actual - stored| / |stored|`, Euclidean norms; NaN when the shapes differ. */
  readonly relativeChange: number
  /** What of it the tolerance allows. */
  readonly allowedChange: number
  /** Estimated cosine similarity; NaN when the shapes differ. */
  readonly cosine: number
  /** What missed its bound, in words; empty when nothing did. */
  readonly findings: readonly string[]
}

/**
 * How far the estimated change may exceed the allowed one: more than six times the estimate's standard deviation, so that a change
 * within tolerance is not reported by bad luck.
 */
export const sketchMargin = 1.2

/** Sums that are taken in float64 are not exact: no change of this relative size is one. Exact comparisons use the hash. */
const rounding = 1e-12

/**
 * Judges by bounds that follow from the rule for elements, `|a - r| <= atol + rtol * |r|`: whatever meets the rule meets them. The
 * reverse does not hold: a few elements may miss the rule unseen.
 *
 * @param sha256 of the tensor's canonical bytes
 */
export function compareFingerprint(
  actual: Tensor,
  sha256: string,
  stored: Fingerprint,
  options: CompareOptions,
): FingerprintVerdict {
  if (!sameShape(actual.shape, stored.shape)) {
    const change = `the shape ${formatShape(stored.shape)} became ${formatShape(actual.shape)}`
    return {
      pass: false,
      relativeChange: Number.NaN,
      allowedChange: Number.NaN,
      cosine: Number.NaN,
      findings: [change],
    }
  }
  const current = makeFingerprint(actual, sha256)
  const tolerance = resolveTolerance(options, false, actual.dtype, stored.dtype)
  const distance = sketchDistance(current.sketch, stored.sketch)
  const findings = [
    ...compareDtypes(current, stored, options),
    ...compareNonFinite(current.nonFinite, stored.nonFinite, options),
    ...(current.sha256 === stored.sha256 ? [] : compareFigures(current, stored, tolerance, actual)),
  ]
  const norm = Math.sqrt(stored.sumSquares)
  return {
    pass: findings.length === 0,
    relativeChange: ratio(distance, norm),
    allowedChange: ratio(allowedDistance(wholeOf(stored), tolerance), norm),
    cosine: cosineOf(current.sumSquares, stored.sumSquares, distance),
    findings,
  }
}

interface Tolerance {
  readonly atol: number
  readonly rtol: number
}

/** A part of the stored tensor, by its figures. */
interface Part {
  readonly elements: number
  readonly sumAbs: number
  readonly sumSquares: number
}

function wholeOf({ shape, sumAbs, sumSquares }: Fingerprint): Part {
  return { elements: sizeOf(shape), sumAbs, sumSquares }
}

/** The norm of `atol + rtol * |r|` over all elements: no change within tolerance is further away. */
function allowedDistance({ elements, sumAbs, sumSquares }: Part, { atol, rtol }: Tolerance): number {
  return Math.sqrt(elements * atol * atol + 2 * atol * rtol * sumAbs + rtol * rtol * sumSquares)
}

function compareDtypes(current: Fingerprint, stored: Fingerprint, { checkDtype }: CompareOptions): string[] {
  return checkDtype && current.dtype !== stored.dtype ? [`the dtype ${stored.dtype} became ${current.dtype}`] : []
}

function compareNonFinite(current: NonFinite, stored: NonFinite, { equalNaN }: CompareOptions): string[] {
  const counts = ({ nan, posInf, negInf }: NonFinite) => `${nan} NaN, ${posInf} +Infinity, ${negInf} -Infinity`
  if (counts(current) !== counts(stored)) return [`${counts(stored)} became ${counts(current)}`]
  if (current.places !== stored.places) return [`${counts(current)}, but not where they were`]
  return current.nan > 0 && !equalNaN ? [`${current.nan} NaN, which equal nothing without equalNaN`] : []
}

/** Elements differ: by how much, as far as the figures tell. */
function compareFigures(current: Fingerprint, stored: Fingerprint, tolerance: Tolerance, actual: Tensor): string[] {
  if (tolerance.atol === 0 && tolerance.rtol === 0) return ['some elements differ, and none may']
  return [
    ...compareDistance(current, stored, tolerance),
    ...compareAxes(current, stored, tolerance),
    ...compareTop(actual, stored, tolerance),
  ]
}

function compareDistance(current: Fingerprint, stored: Fingerprint, tolerance: Tolerance): string[] {
  const distance = sketchDistance(current.sketch, stored.sketch)
  const allowed = allowedDistance(wholeOf(stored), tolerance)
  if (distance <= allowed * sketchMargin && Number.isFinite(current.sumSquares)) return []
  const norm = Math.sqrt(stored.sumSquares)
  const [found, most] = [ratio(distance, norm), ratio(allowed, norm)].map((value) => value.toExponential(2))
  return [`the tensor as a whole: a relative change of about ${found}, ${most} allowed`]
}

/** For each axis the slice that exceeds its bounds most, by its sum or by its norm. */
function compareAxes(current: Fingerprint, stored: Fingerprint, tolerance: Tolerance): string[] {
  return stored.axes.flatMap((before, axis) => {
    const after = current.axes[axis] ?? before
    let worst: { excess: number; text: string } | undefined
    for (let at = 0; at < before.length; at += figuresPerSlice) {
      const { indices, elements } = sliceOf(stored.shape, axis, at / figuresPerSlice)
      const [sum, sumAbs, sumSquares] = before.subarray(at, at + figuresPerSlice)
      const norms = [Math.sqrt(sumSquares), Math.sqrt(after[at + 2])] as const
      const allowedSum = elements * tolerance.atol + tolerance.rtol * sumAbs + rounding * sumAbs
      const allowedNorm = allowedDistance({ elements, sumAbs, sumSquares }, tolerance) + rounding * norms[0]
      const excess = Math.max(
        excessOf(Math.abs(after[at] - sum), allowedSum),
        excessOf(Math.abs(norms[1] - norms[0]), allowedNorm),
      )
      if (excess <= 1 || excess <= (worst?.excess ?? 0)) continue
      const [first, last] = indices
      const where = first === last ? `index ${first}` : `indices ${first} to ${last}`
      const figures = `norm ${figure(norms[0])} became ${figure(norms[1])}, sum ${figure(sum)} became ${figure(after[at])}`
      worst = { excess, text: `axis ${axis}, ${where}: ${figures}` }
    }
    return worst === undefined ? [] : [worst.text]
  })
}

/** Above 1 when a change exceeds what is allowed. */
function excessOf(change: number, allowed: number): number {
  return change <= allowed ? 0 : change / allowed
}

function compareTop(actual: Tensor, stored: Fingerprint, { atol, rtol }: Tolerance): string[] {
  let missed = 0
  let worst: { diff: number; text: string } | undefined
  stored.top.forEach((before, i) => {
    const position = stored.topAt[i]
    const after = Number(elementAt(actual, position))
    const diff = Math.abs(after - before)
    if (diff <= atol + rtol * Math.abs(before)) return
    missed++
    if (worst !== undefined && diff <= worst.diff) return
    worst = {
      diff,
      text: `${formatShape(unravelIndex(position, stored.shape))}: ${figure(before)} became ${figure(after)}`,
    }
  })
  if (worst === undefined) return []
  return [`${missed} of the ${stored.top.length} greatest values, the worst at ${worst.text}`]
}

function figure(value: number): string {
  return String(Number(value.toPrecision(6)))
}

function ratio(change: number, norm: number): number {
  return change === 0 ? 0 : change / norm
}

/** By the law of cosines. */
function cosineOf(squaresA: number, squaresB: number, distance: number): number {
  if (distance === 0) return 1
  return (squaresA + squaresB - distance * distance) / (2 * Math.sqrt(squaresA * squaresB))
}
