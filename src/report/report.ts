// What a report holds: every tensor assertion of one run of a test-suite, as plain JSON. report.schema.json says the same to programs.
import type { FailureReason, Hint } from '../compare/comparison.ts'
import type { JsonNumber } from '../compare/json.ts'
import type { ComparisonSummary } from '../compare/summary.ts'
import type { GivenValue } from '../outcomes/index.ts'
import type { DType } from '../tensor/dtype.ts'

/** A program that reads another one refuses it by name. */
export const reportSchema = 'expect-tensor/report@1'

export interface Report {
  readonly schema: typeof reportSchema
  readonly tool: { readonly name: 'expect-tensor'; readonly version: string }
  readonly run: Run
  readonly summary: Summary
  /** When there is a baseline. */
  readonly drift?: Drift
  /** In the order of the run. */
  readonly assertions: readonly Assertion[]
}

export interface Run {
  readonly testRunner: { readonly name: 'vitest' | 'jest'; readonly version?: string }
  readonly node: string
  readonly os: string
  readonly arch: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly durationMs: number
  /** As the CI service names them. */
  readonly commit?: string
  readonly branch?: string
  readonly shards?: readonly { readonly index: number; readonly count: number }[]
  /** Test files that ended before they could say what their assertions found. */
  readonly lostFiles: readonly string[]
}

/** Of the assertions that count: not of superseded attempts; and for `near` and `grown`, not of those under `.not`. */
export interface Summary {
  readonly assertions: number
  readonly failed: number
  /** Passed with more than half of the tolerance used. */
  readonly near: number
  /** Of which it is not certain in which test they stand. */
  readonly unattributed: number
  readonly superseded: number
  /** Whose margin has grown since the baseline, when there is one. */
  readonly grown?: number
}

/** One tensor that was asserted, or an assertion without tensors. */
export interface Assertion {
  /** The same in every run, as long as file, test, matcher, label and key keep their names. */
  readonly id: string
  /** Of a workspace of several. */
  readonly project?: string
  /** Relative to the root of the run, with slashes. */
  readonly file: string
  /** Missing where the stack does not lead to the test file. */
  readonly line?: number
  /** Names from the outermost describe block to the test; null when several tests ran at once and it may be any of them. */
  readonly test: readonly string[] | null
  readonly matcher: string
  /** The hint of a snapshot. */
  readonly label?: string
  /** Name of the tensor, in a record of several. */
  readonly key?: string
  /** `error`: the assertion was used wrongly and threw. */
  readonly status: 'passed' | 'failed' | 'error'
  readonly not?: true
  readonly soft?: true
  /** How often the test was retried before. */
  readonly retry?: number
  /** A later attempt counts in its place: the test was retried, or the assertion polled. */
  readonly superseded?: true
  /** It failed and its test passed all the same: the test expected that, or caught the error. */
  readonly caught?: true
  /** Missing when nothing was compared element by element. */
  readonly comparison?: Compared
  /** Of a tensor of which only a fingerprint is stored: what `margin` is then. */
  readonly estimated?: true
  /** The share of what is allowed that was used: above 1 fails. Missing when nothing was compared. */
  readonly margin?: JsonNumber
  readonly baseline?: Baseline
  readonly failure?: Failure
}

export interface Compared {
  readonly dtypes: readonly [actual: DType, reference: DType]
  readonly shape: readonly number[]
  readonly total: number
  readonly criterion: Criterion
  readonly maxAbs: JsonNumber
  readonly mismatched: number
  readonly failedMetrics?: ComparisonSummary['failedMetrics']
}

export interface Criterion {
  readonly atol: JsonNumber
  readonly rtol: number
  readonly source: ComparisonSummary['tolerance']['source']
  readonly normalize?: string
  /** As given: a number of elements, or a share such as `0.1%`. */
  readonly maxMismatch?: GivenValue
  /** As given: the bounds by the names of the metrics. */
  readonly metrics?: GivenValue
}

/** The same assertion in the report that this one was held against. */
export interface Baseline {
  readonly margin: JsonNumber
  /** How many times the margin is as large, both taken as no less than the floor. */
  readonly growth: JsonNumber
}

/** What changed since the baseline. What grew has a `baseline` of its own. */
export interface Drift {
  readonly baseline: { readonly startedAt: string; readonly commit?: string }
  /** A margin that grew to this many times what it was counts as grown. */
  readonly factor: number
  /** One that grew to this many times fails the run. */
  readonly failFactor?: number
  /** Ids of assertions that the baseline does not have. */
  readonly added: readonly string[]
  readonly removed: readonly Pick<Assertion, 'id' | 'project' | 'file' | 'test' | 'matcher' | 'label' | 'key'>[]
  /** Ids of assertions whose tolerance is another: their margins say nothing of the error. */
  readonly retuned: readonly string[]
}

/** What is known of an assertion that failed. The pictures and texts of a run with very many failures are kept of the worst only. */
export interface Failure {
  readonly reason?: FailureReason
  /** What the test runner prints, without colours. */
  readonly message?: string
  readonly hints?: readonly Hint[]
  readonly pictures?: Pictures
  readonly layers?: readonly Layer[]
}

/** Data of charts, small whatever the size of the tensors. */
export interface Pictures {
  /** Counts of absolute errors per decade: `counts[i]` errors lie in [10^(first+i), 10^(first+i+1)). */
  readonly histogram: { readonly first: number; readonly counts: readonly number[]; readonly zeros: number }
  readonly scatter: ScatterGrid
  readonly heatMap: HeatGrid
  readonly profiles: readonly Profile[]
}

/** Non-negative numbers, one byte each. */
export interface Grid {
  readonly rows: number
  readonly columns: number
  /** Of the numbers above zero; both are 0 when there is none. */
  readonly least: number
  readonly greatest: number
  /** Base64, row by row. 0: zero; 1 to 254: from `least` to `greatest` in equal steps of the logarithm; 255: not finite. */
  readonly levels: string
}

/** How many elements lie where: row 0 holds errors of zero, column 0 references of zero, the others the bins of the axes. */
export interface ScatterGrid extends Grid {
  readonly reference: { readonly first: number; readonly width: number }
  readonly error: { readonly first: number; readonly width: number }
}

/** The greatest error of each part of the two longest axes. */
export interface HeatGrid extends Grid {
  readonly axes: readonly [rows: number | null, columns: number | null]
  /** Lengths of the axes: a cell may stand for several indices. */
  readonly lengths: readonly [rows: number, columns: number]
}

/** The root mean square of the error along one axis, in at most 64 parts of nearly the same number of indices. */
export interface Profile {
  readonly axis: number
  readonly length: number
  readonly rmse: readonly JsonNumber[]
}

/** One layer of a model that was matched against another; errors are relative. */
export interface Layer {
  readonly layer: string
  readonly type: string
  readonly inherited: JsonNumber
  readonly introduced: JsonNumber
  readonly noise: JsonNumber
  readonly blamed?: true
}
