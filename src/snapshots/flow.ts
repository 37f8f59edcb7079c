// One flow of steps for two worlds: file access answers at once in Node and later in a browser.

export type Awaitable<T> = T | Promise<T>

/** A function that may have to wait: written once as a generator, it is synchronous where nothing it waits for is a promise. */
export type Flow<T> = Generator<unknown, T, unknown>

/** Waits inside a flow: `const bytes = yield* wait(files.read(path))`. */
export function* wait<T>(value: Awaitable<T>): Flow<T> {
  return (yield value) as T
}

/** Runs a flow to its end: at once, or as a promise from the first promise on that it waits for. */
export function run<T>(flow: Flow<T>): Awaitable<T> {
  for (let step = flow.next(); ; ) {
    if (step.done) return step.value
    const { value } = step
    if (isPromise(value)) return finishLater(flow, value)
    step = flow.next(value)
  }
}

async function finishLater<T>(flow: Flow<T>, first: Promise<unknown>): Promise<T> {
  for (let waited: unknown = first; ; ) {
    const step = await Promise.resolve(waited).then(
      (value) => flow.next(value),
      (error: unknown) => flow.throw(error),
    )
    if (step.done) return step.value
    waited = step.value
  }
}

export function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
