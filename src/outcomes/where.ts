// Where an assertion stands, as far as the test runner tells the matcher.

export interface Where {
  /** Names of the describe blocks and of the test, outermost first; in Jest one name, joined with spaces. */
  readonly test?: readonly string[]
  /** Absolute path of the test file. */
  readonly file?: string
  /** Of the assertion; missing where the stack does not lead to the test file, as after `.resolves` and in a browser. */
  readonly line?: number
  readonly column?: number
  /** How often the test was retried and repeated before, counted by Vitest. */
  readonly retry?: number
  readonly repeat?: number
  /** The test runs at the same time as others. In Vitest `test` is then certain with the `expect` of the test's own context only. */
  readonly concurrent?: true
  /** One of several attempts of `expect.poll`: the last one counts. */
  readonly poll?: true
  /** A failure does not end the test. */
  readonly soft?: true
}

interface Named {
  readonly name: string
  readonly suite?: Named | undefined
}

/** The parts of `this` in a matcher that say where it is used. */
interface TestContext {
  // both runners
  readonly testPath?: string
  readonly currentTestName?: string
  // Vitest
  readonly task?: Named & {
    readonly concurrent?: boolean
    readonly result?: { readonly retryCount?: number; readonly repeatCount?: number }
  }
  readonly poll?: boolean
  readonly soft?: boolean
  // Jest
  /** Of a concurrent test; of any where there is `currentTestIdentity` too. */
  currentConcurrentTestName?(): string | undefined
  currentTestIdentity?(): { readonly concurrent?: boolean } | undefined
}

/** Call it in the assertion's own call stack: the line is read from there. */
export function locate(context: object): Where {
  const known = context as TestContext
  const { task, testPath, poll, soft } = known
  const ownName = known.currentConcurrentTestName?.()
  const name = ownName ?? known.currentTestName
  const test = task !== undefined ? namesOf(task) : name ? [name] : undefined
  const { retryCount, repeatCount } = task?.result ?? {}
  const concurrent = (task ?? known.currentTestIdentity?.())?.concurrent ?? ownName !== undefined
  return {
    ...(test !== undefined && { test }),
    ...(testPath !== undefined && { file: testPath, ...lineIn(testPath) }),
    ...(retryCount !== undefined && { retry: retryCount }),
    ...(repeatCount !== undefined && { repeat: repeatCount }),
    ...(concurrent && { concurrent: true }),
    ...(poll && { poll: true }),
    ...(soft && { soft: true }),
  }
}

function namesOf(task: Named): string[] {
  return task.suite === undefined ? [task.name] : [...namesOf(task.suite), task.name]
}

/** Frames between the assertion and the test file: those of the test runner. */
const deepestFrame = 50

/** The innermost call in the test file. */
function lineIn(file: string): Pick<Where, 'line' | 'column'> {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = deepestFrame
  const { stack = '' } = new Error()
  Error.stackTraceLimit = stackTraceLimit
  for (const frame of stack.split('\n')) {
    const at = frame.indexOf(`${file}:`)
    // a browser names what its server made of the file, in which the lines are others
    if (at < 0 || /https?:/.test(frame.slice(0, at))) continue
    const [line, column] = frame
      .slice(at + file.length + 1)
      .split(':')
      .map((digits) => Number.parseInt(digits, 10))
    return { line, column }
  }
  return {}
}
