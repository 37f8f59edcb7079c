// What every hypothesis about a failed comparison is: a guess at the cause that says how much of the error it leaves unexplained.
import { formatExplained } from './format.ts'
import type { Scene } from './scene.ts'

export interface Finding {
  readonly code: string
  readonly message: string
  /** Share of the squared error that this leaves unexplained, from 0. For a signature that predicts no error: the share that does not fit. */
  readonly left: number
  /** How many numbers were fitted to the data: 1 for a gain. A cause that needs fewer is preferred. */
  readonly parameters?: number
  /** What speaks for it, when that is not the share of the squared error. */
  readonly evidence?: string
}

/** Recognizes one family of causes; nothing when the numbers do not bear it out. */
export type Hypothesis = (scene: Scene) => readonly Finding[]

/** A cause explains a failure when it leaves no more than this. */
export const mostLeft = 0.02

/** Below this share nothing but the rounding of float32 is left. */
export const leastLeft = 1e-12

/** Decimal digits of the probability that noise would be explained as well by chance. */
const leastSurprise = 8

/** A hypothesis that names a cause. */
export interface Cause {
  readonly find: Hypothesis
  /** What its findings fit at least. */
  readonly leastParameters: number
}

/** Of the causes that explain a failure, the one that leaves least; a decade for every three doublings of the fitted numbers. */
export function bestOf(causes: readonly Cause[], scene: Scene): Finding | undefined {
  let best: Finding | undefined
  let most = -Infinity
  for (const { find, leastParameters } of causes) {
    const left = leftFor(most, leastParameters)
    // it would have to explain more than all
    if (left <= leastLeft) continue
    for (const finding of find({ ...scene, leftAtMost: left })) {
      if (!isConvincing(finding, scene) || scoreOf(finding) <= most) continue
      best = finding
      most = scoreOf(finding)
    }
  }
  return best
}

/** What a finding leaves that has a score. */
function leftFor(score: number, parameters: number): number {
  return 10 ** -(score + penaltyOf(parameters))
}

const penaltyOf = (parameters: number) => 0.3 * Math.log2(1 + parameters)

function scoreOf({ left, parameters = 0 }: Finding): number {
  return -Math.log10(Math.max(left, leastLeft)) - penaltyOf(parameters)
}

/**
 * Fitted to noise on `n` elements, `p` numbers leave a share `left` of it with a probability of about `left ** ((n - p) / 2)`. Where
 * a few elements have most of the error, `n` is no more than these.
 */
function isConvincing(
  { left, parameters = 0, evidence }: Finding,
  { errorSpread, length, finitePairs }: Scene,
): boolean {
  // NaN and infinities are no noise
  if (finitePairs < length) return left <= mostLeft
  const elements = evidence === undefined ? errorSpread : length
  const surprise = (-Math.log10(Math.max(left, leastLeft)) * (elements - parameters)) / 2
  return left <= mostLeft && surprise >= leastSurprise
}

/** The message with its evidence. */
export function withEvidence({ message, left, evidence }: Finding): string {
  return `${message} (${evidence ?? `explains ${formatExplained(left)} of the squared error`})`
}
