// Lets listeners know what an assertion found. Without any, a matcher does nothing for them.
import { once } from '../compare/once.ts'
import { type Assertion, isListening, locate, tellError, tellResult } from '../outcomes/index.ts'
import { isPromise } from '../snapshots/flow.ts'
import type { MatcherContext, MatcherResult } from './context.ts'
import { keepFailures } from './keep-failures.ts'

/** A matcher as `expect.extend` takes it. */
export type Matcher<Arguments extends readonly unknown[], Result> = (
  this: MatcherContext,
  actual: unknown,
  ...args: Arguments
) => Result

/**
 * The same matcher, whose every use the listeners are told of.
 *
 * @param nameArguments the arguments by name, but for tensors
 */
export function observe<Arguments extends readonly unknown[], Result extends MatcherResult | Promise<MatcherResult>>(
  name: string,
  matcher: Matcher<Arguments, Result>,
  nameArguments: (args: NoInfer<Arguments>) => Readonly<Record<string, unknown>>,
): Matcher<Arguments, Result> {
  return function (actual, ...args) {
    const finish = (found: MatcherResult): MatcherResult => finished(name, this, found)
    if (!isListening()) return conclude(matcher.call(this, actual, ...args), finish)
    const assertion: Assertion = {
      matcher: name,
      isNot: this.isNot === true,
      given: nameArguments(args),
      where: locate(this),
    }
    const fail = (error: unknown): never => {
      tellError(assertion, error)
      throw error
    }
    let result: Result
    try {
      result = matcher.call(this, actual, ...args)
    } catch (error) {
      return fail(error)
    }
    const tellFound = (found: MatcherResult) => {
      const result = finish(found)
      tellResult(assertion, { ...found, message: result.message })
      return result
    }
    return conclude(result, tellFound, fail)
  }
}

/** Goes on with a result: at once, or when it is there. */
function conclude<Result extends MatcherResult | Promise<MatcherResult>>(
  result: Result,
  next: (result: MatcherResult) => MatcherResult,
  fail?: (error: unknown) => never,
): Result {
  return (isPromise(result) ? result.then(next, fail) : next(result)) as Result
}

/** The test runner gets no more than it asks for. When it asks for the message, the assertion has failed. */
function finished(
  name: string,
  context: MatcherContext,
  { pass, message, comparisons = [], saveFailures }: MatcherResult,
): MatcherResult {
  if (pass || context.isNot === true) return { pass, message }
  return {
    pass,
    message: once(() =>
      [message(), keepFailures(name, context, comparisons, saveFailures)].filter(Boolean).join('\n\n'),
    ),
  }
}
