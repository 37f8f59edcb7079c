// What leaves the test process of one assertion: plain JSON, made while its tensors are still there.
import type { Comparison } from '../compare/comparison.ts'
import { jsonNumber } from '../compare/json.ts'
import { explainComparison } from '../explain/comparison.ts'
import { renderText } from '../explain/text.ts'
import { evidenceOf, type Given, type GivenValue, type Outcome, type TensorOutcome } from '../outcomes/index.ts'
import { packHeatMap, packScatter } from './grid.ts'
import type { Assertion, Compared, Failure, Pictures } from './report.ts'

/** An assertion and its tensors; where it stands in the run is for the reporter to say. */
export interface AssertionRecord extends Pick<Assertion, 'test' | 'line' | 'matcher' | 'label' | 'not' | 'soft'> {
  readonly retry?: number
  readonly repeat?: number
  /** One of several attempts of `expect.poll`. */
  readonly poll?: true
  /** At least one: of an assertion without tensors, its status. */
  readonly tensors: readonly TensorRecord[]
}

export type TensorRecord = Pick<Assertion, 'key' | 'status' | 'comparison' | 'estimated' | 'margin' | 'failure'>

/** How many failures of one test file are described: a run in which everything fails must not fill a disk. */
const mostPictures = 200
const mostMessages = 1000
const longestMessage = 10_000

/** Appends what was found; a further attempt of `expect.poll` takes the place of the one before. */
export function keepRecord(records: AssertionRecord[], record: AssertionRecord): void {
  const before = record.poll ? records.findLastIndex((other) => isAttemptBefore(other, record)) : -1
  if (before >= 0) records.splice(before, 1)
  records.push(record)
}

/** An attempt that passes is the last one: what follows it is another assertion. */
function isAttemptBefore(other: AssertionRecord, { test, retry, repeat, matcher, line }: AssertionRecord): boolean {
  return (
    other.poll === true &&
    other.matcher === matcher &&
    other.line === line &&
    other.retry === retry &&
    other.repeat === repeat &&
    JSON.stringify(other.test) === JSON.stringify(test) &&
    other.tensors.some(({ status }) => status !== 'passed')
  )
}

/**
 * @param outcome while its listener is called
 * @param failures how many failures of the test file were recorded before
 */
export function recordOf(outcome: Outcome, failures: number): AssertionRecord {
  const { matcher, given, where, isNot, tensors } = outcome
  const { test, line, retry, repeat, poll, soft } = where
  const { hint } = given
  return {
    test: test ?? null,
    matcher,
    ...(line !== undefined && { line }),
    ...(typeof hint === 'string' && { label: hint }),
    ...(isNot && { not: true }),
    ...(soft && { soft }),
    ...(retry && { retry }),
    ...(repeat && { repeat }),
    ...(poll && { poll }),
    tensors: (tensors.length > 0 ? tensors : [{}]).map((tensor) => tensorRecordOf(tensor, outcome, failures)),
  }
}

function tensorRecordOf(tensor: TensorOutcome, outcome: Outcome, failures: number): TensorRecord {
  const { name, summary, estimate } = tensor
  const status = statusOf(tensor, outcome)
  return {
    ...(name !== undefined && { key: name }),
    status,
    ...(summary && { comparison: comparedOf(summary, outcome), margin: summary.margin }),
    ...(estimate && { estimated: true, margin: shareOf(estimate) }),
    ...(status !== 'passed' && { failure: failureOf(tensor, outcome, failures) }),
  }
}

/** Of several tensors, those failed that do not match; under `.not` all of them, because they do. */
function statusOf(tensor: TensorOutcome, { status, isNot, tensors }: Outcome): Assertion['status'] {
  if (status !== 'failed' || isNot || tensors.every(passes)) return status
  return passes(tensor) ? 'passed' : 'failed'
}

const passes = ({ summary, estimate, problem }: TensorOutcome): boolean =>
  problem === undefined && summary?.pass !== false && estimate?.pass !== false

type Estimate = NonNullable<TensorOutcome['estimate']>

function shareOf({ relativeChange, allowedChange }: Estimate): Estimate['relativeChange'] {
  const [change, allowed] = [Number(relativeChange), Number(allowedChange)]
  if (change === 0) return 0
  return change < Infinity && allowed > 0 ? change / allowed : 'Infinity'
}

type Summary = NonNullable<TensorOutcome['summary']>

function comparedOf(
  { dtypes, shape, total, maxAbs, mismatched, failedMetrics, ...rest }: Summary,
  { given }: Outcome,
): Compared {
  const { options } = given
  const { maxMismatch, metrics }: Given = isGiven(options) ? options : {}
  return {
    dtypes,
    shape,
    total,
    criterion: {
      ...rest.tolerance,
      ...(rest.normalize !== undefined && { normalize: rest.normalize }),
      ...(maxMismatch !== undefined && { maxMismatch }),
      ...(metrics !== undefined && { metrics }),
    },
    maxAbs,
    mismatched,
    ...(failedMetrics && { failedMetrics }),
  }
}

const isGiven = (value: GivenValue | undefined): value is Given =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function failureOf({ name, summary, comparison }: TensorOutcome, outcome: Outcome, failures: number): Failure {
  const { isNot, layers } = outcome
  // one of several tensors has a message of its own, unless the assertion says more of all of them
  const message = () =>
    name !== undefined && comparison !== undefined && !isNot && layers === undefined
      ? renderText(explainComparison(comparison))
      : outcome.message()
  const pictures = comparison !== undefined && !isNot && failures < mostPictures ? picturesOf(comparison) : undefined
  return {
    ...(summary?.reason && { reason: summary.reason }),
    ...(failures < mostMessages && { message: shorten(message()) }),
    ...(comparison !== undefined && comparison.hints.length > 0 && { hints: comparison.hints }),
    ...(pictures && { pictures }),
    ...(layers && { layers }),
  }
}

function shorten(message: string): string {
  return message.length <= longestMessage ? message : `${message.slice(0, longestMessage)}…`
}

function picturesOf(comparison: Comparison): Pictures | undefined {
  const evidence = evidenceOf(comparison)
  if (evidence === undefined) return undefined
  const { histogram, scatter, heatMap, profiles } = evidence
  return {
    histogram,
    scatter: packScatter(scatter),
    heatMap: packHeatMap(heatMap, comparison.shape),
    profiles: profiles.map(({ rmse, ...profile }) => ({
      ...profile,
      rmse: rmse.map((error) => jsonNumber(Number(error.toPrecision(3)))),
    })),
  }
}
