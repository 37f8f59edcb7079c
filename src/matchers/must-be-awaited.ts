// An assertion that takes time has to be awaited: one that is not fails its test, whatever it would have found.
import { isPromise } from '../snapshots/flow.ts'
import type { MatcherContext, MatcherResult } from './context.ts'

/** What the test runners tell a matcher about the test around it. */
interface TestContext extends MatcherContext {
  /** Vitest's; undefined outside of a test. */
  readonly task?: {
    readonly result?: { readonly state: string }
    readonly context: { onTestFinished(handler: () => void): void }
  }
  /** Vitest's `expect.soft`, which waits in place of the test. */
  readonly soft?: boolean
  readonly promise?: string
  /** Jest's, as the package `expect` has it too: errors that fail the test when it is over. */
  readonly suppressedErrors?: Error[]
  /** Undefined where no test runner is. */
  readonly currentTestName?: string
  /** Jest's. */
  currentTestIdentity?(): { readonly concurrent?: boolean } | undefined
}

/**
 * The same matcher, whose promise the test has to wait for. In Jest's concurrent tests, which share one list of errors, and outside of
 * Vitest and Jest nothing is watched: a mismatch that nobody awaits is an unhandled rejection there.
 */
export function mustBeAwaited<Arguments extends readonly unknown[]>(
  name: string,
  matcher: (this: MatcherContext, actual: unknown, ...args: Arguments) => Promise<MatcherResult>,
): typeof matcher {
  return function (actual, ...args) {
    const result = matcher.call(this, actual, ...args)
    const error = new Error(
      `${name} was not awaited: the test was over before there was a result. Put \`await\` in front: await expect(model).${name}(...)`,
    )
    const link = watch(this, error)
    return link === undefined ? result : follow(result, link)
  }
}

interface Watch {
  /** How many times the test runner itself goes on with what it was returned, before the test has it. */
  readonly links: number
  /** Called when the test goes on with it. */
  awaited(): void
}

/** Makes the test fail with `error` if it ends before the assertion is awaited. */
function watch(context: TestContext, error: Error): Watch | undefined {
  const { task, soft, promise, suppressedErrors, currentTestName } = context
  let isAwaited = false
  if (task !== undefined) {
    task.context.onTestFinished(() => {
      if (!isAwaited && task.result?.state !== 'fail') throw error
    })
    return {
      links: soft && !promise ? 2 : 1,
      awaited: () => {
        isAwaited = true
      },
    }
  }
  const isConcurrent = context.currentTestIdentity?.()?.concurrent === true
  if (suppressedErrors === undefined || currentTestName === undefined || isConcurrent) return undefined
  suppressedErrors.push(error)
  return {
    links: 2,
    awaited() {
      const place = suppressedErrors.indexOf(error)
      if (place >= 0) suppressedErrors.splice(place, 1)
    },
  }
}

/** The promise, which notices when somebody else than the test runner goes on with it: `await` calls `then` of what is no plain promise. */
function follow<T>(promise: Promise<T>, { links, awaited }: Watch): Promise<T> {
  // What nobody waits for is reported once, as an assertion that was not awaited.
  promise.catch(() => undefined)
  return new Proxy(promise, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        const next: unknown = value.apply(target, args)
        if (links > 0 && isPromise(next)) return follow(next, { links: links - 1, awaited })
        awaited()
        return next
      }
    },
  })
}
