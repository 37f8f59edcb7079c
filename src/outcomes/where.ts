// Where an assertion stands, as far as the test runner tells the matcher.

export interface Where {
  /**
   * Names of the describe blocks and of the test, outermost first. Under `expect` without a test runner that says more, all in one.
   * Missing outside of tests.
   */
  readonly test?: readonly string[]
  /** Absolute path of the test file. */
  readonly file?: string
  /** Of the assertion; missing where the stack does not lead to the test file, as after `.resolves` and in a browser. */
  readonly line?: number
  readonly column?: number
  /** How often the test was retried before, and in Vitest repeated. */
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

/** A test of Vitest's. */
export interface VitestTest extends Named {
  readonly result?: { readonly retryCount?: number; readonly repeatCount?: number }
}

/** The parts of `this` in a matcher that say where it is used. */
interface TestContext {
  // both runners
  readonly testPath?: string
  readonly currentTestName?: string
  // Vitest
  readonly task?: VitestTest & { readonly concurrent?: boolean }
  readonly poll?: boolean
  readonly soft?: boolean
  // Jest
  /** Of a concurrent test, in a Jest without `currentTestIdentity`. */
  currentConcurrentTestName?(): string | undefined
  currentTestIdentity?(): JestTest | undefined
}

/** A test of Jest's; the outermost block stands for the file. */
interface JestTest extends JestBlock {
  readonly parent: JestBlock
  readonly concurrent?: boolean
  /** This one included; of concurrent tests, which run once, not yet. */
  readonly invocations: number
}

interface JestBlock {
  readonly name: string
  readonly parent?: JestBlock | undefined
}

/** Call it in the assertion's own call stack: the line is read from there. */
export function locate(context: object): Where {
  const known = context as TestContext
  const { testPath, poll, soft } = known
  return {
    ...testIn(known),
    ...(testPath !== undefined && { file: testPath, ...lineIn(testPath) }),
    ...(poll && { poll: true }),
    ...(soft && { soft: true }),
  }
}

function testIn(context: TestContext): Pick<Where, 'test' | 'retry' | 'repeat' | 'concurrent'> {
  const { task, currentTestName } = context
  if (task !== undefined) return { ...attemptOf(task), ...(task.concurrent && { concurrent: true }) }
  if (context.currentTestIdentity !== undefined) {
    // behind the end of a test, Jest still remembers its name
    const test = context.currentTestIdentity()
    return test === undefined ? {} : jestAttemptOf(test)
  }
  const concurrentName = context.currentConcurrentTestName?.()
  const name = concurrentName ?? currentTestName
  return { ...(name && { test: [name] }), ...(concurrentName !== undefined && { concurrent: true }) }
}

/** Which test this is, and how often it was tried before. */
export function attemptOf(task: VitestTest): Pick<Where, 'test' | 'retry' | 'repeat'> {
  const { retryCount, repeatCount } = task.result ?? {}
  return {
    test: namesOf(task),
    ...(retryCount !== undefined && { retry: retryCount }),
    ...(repeatCount !== undefined && { repeat: repeatCount }),
  }
}

function jestAttemptOf(test: JestTest): Pick<Where, 'test' | 'retry' | 'concurrent'> {
  const { invocations, concurrent } = test
  return {
    test: jestNamesOf(test),
    retry: Math.max(0, invocations - 1),
    ...(concurrent && { concurrent: true }),
  }
}

function jestNamesOf({ name, parent }: JestBlock): string[] {
  return parent === undefined ? [] : [...jestNamesOf(parent), name]
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
