// What one assertion found.
import type { Comparison } from '../compare/comparison.ts'
import { type JsonNumber, jsonNumber } from '../compare/json.ts'
import { type ComparisonSummary, summarize } from '../compare/summary.ts'
import { reasonOf } from '../host/reason.ts'
import { type Given, plainGiven } from './given.ts'
import { tell } from './listeners.ts'
import type { Where } from './where.ts'

/** Everything but `message` and each `comparison` is plain data that survives JSON. */
export interface Outcome {
  /** Of this format. */
  readonly version: 1
  readonly matcher: string
  /** As the test runner sees it, after `.not`. `error`: the assertion was used wrongly and threw. */
  readonly status: 'passed' | 'failed' | 'error'
  readonly isNot: boolean
  /** The arguments by name, but for tensors: `{ options: { atol: 1e-3 } }`. */
  readonly given: Given
  /** One for each tensor that was compared, or should have been. */
  readonly tensors: readonly TensorOutcome[]
  readonly where: Where
  /** Of a model that does not match another, in execution order. */
  readonly layers?: readonly OutcomeLayer[]
  /** What the test runner prints if this is why the test fails. Costs the full statistics. */
  message(): string
}

/** The error of one layer, relative to the reference. */
export interface OutcomeLayer {
  readonly layer: string
  readonly type: string
  /** As the network runs. */
  readonly inherited: JsonNumber
  /** When the layer is fed with the reference's tensors. */
  readonly introduced: JsonNumber
  /** What rounding explains. */
  readonly noise: JsonNumber
  /** The layer is a culprit. */
  readonly blamed?: true
}

export interface TensorOutcome {
  /** In a record of tensors. */
  readonly name?: string
  /** Missing when nothing was compared element by element. */
  readonly summary?: ComparisonSummary
  /** Why there was nothing to compare. */
  readonly problem?: string
  /** Of a tensor of which only a fingerprint is stored. */
  readonly estimate?: {
    readonly pass: boolean
    readonly relativeChange: JsonNumber
    readonly allowedChange: JsonNumber
    readonly cosine: JsonNumber
  }
  /** For more than the summary, while the listener is called: it holds both tensors, which the test may change. */
  readonly comparison?: Comparison
}

/** One tensor, as a matcher compared it. */
export interface Compared {
  readonly name?: string
  readonly comparison?: Comparison | undefined
  readonly problem?: string | undefined
  readonly verdict?:
    | {
        readonly pass: boolean
        readonly relativeChange: number
        readonly allowedChange: number
        readonly cosine: number
      }
    | undefined
}

/** What is known of an assertion before it is made. */
export interface Assertion {
  readonly matcher: string
  readonly isNot: boolean
  readonly given: Readonly<Record<string, unknown>>
  readonly where: Where
}

/** What an assertion came to. */
interface Result {
  readonly pass: boolean
  message(): string
  readonly comparisons?: readonly Compared[]
  readonly layers?: readonly OutcomeLayer[] | undefined
}

/** Tells the listeners that an assertion came to a result. */
export function tellResult(assertion: Assertion, { pass, message, comparisons = [], layers }: Result): void {
  const status = pass === assertion.isNot ? 'failed' : 'passed'
  tell({
    ...begin(assertion),
    status,
    tensors: comparisons.map(outcomeOf),
    ...(layers !== undefined && { layers }),
    message,
  })
}

/** Tells the listeners that an assertion threw. */
export function tellError(assertion: Assertion, error: unknown): void {
  tell({ ...begin(assertion), status: 'error', tensors: [], message: () => reasonOf(error) })
}

function begin({ matcher, isNot, given, where }: Assertion) {
  return { version: 1, matcher, isNot, given: plainGiven(given), where } as const
}

function outcomeOf({ name, comparison, problem, verdict }: Compared): TensorOutcome {
  return {
    ...(name !== undefined && { name }),
    ...(comparison !== undefined && { summary: summarize(comparison), comparison }),
    ...(problem !== undefined && { problem }),
    ...(verdict !== undefined && {
      estimate: {
        pass: verdict.pass,
        relativeChange: jsonNumber(verdict.relativeChange),
        allowedChange: jsonNumber(verdict.allowedChange),
        cosine: jsonNumber(verdict.cosine),
      },
    }),
  }
}
