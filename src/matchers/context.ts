// What a test runner hands to a matcher and what it wants back: the part that Vitest, Jest and `expect` have in common.
import type { Compared, OutcomeLayer } from '../outcomes/index.ts'

/** `this` inside a matcher. */
export interface MatcherContext {
  /** True under `.not`. Vitest leaves it undefined otherwise. */
  readonly isNot?: boolean
}

/** `message` is called only when the assertion fails, so the expensive statistics are computed only then. */
export interface MatcherResult {
  readonly pass: boolean
  message(): string
  /** @internal For listeners (see observe.ts): the test runner does not see them. */
  readonly comparisons?: readonly Compared[]
  /** @internal For listeners, too: where two models were compared. */
  readonly layers?: readonly OutcomeLayer[] | undefined
  /** Where to keep the tensors that fail, if the assertion says. */
  readonly saveFailures?: string | undefined
}
