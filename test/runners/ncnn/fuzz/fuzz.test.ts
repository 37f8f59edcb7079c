// Changed and damaged model files either load and run, or give an error of our own: quickly, and in little memory.
// What loads runs again in memory that holds garbage and has red zones: the same bits or the same error, nothing is written beside what was
// allocated, and all that a run allocated is freed, whether it fails or not.
// FUZZ_RUNS and FUZZ_SEED say how many are tried and which: `npm run test:fuzz` tries tens of thousands.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { loadNcnn, type Model, NcnnError } from '../../../../src/runners/ncnn/index.ts'
import { guardedMemory, modelOver } from '../engines/wasm/hostile-memory.ts'
import { type Bits, bitsOf, haveSameBits } from '../same-bits.ts'
import { binaryForm } from './binary-param.ts'
import { keepFailure } from './keep-failure.ts'
import { textModels } from './models.ts'
import { anyPlan, build, type FuzzCase } from './mutate.ts'

const runs = Number(process.env.FUZZ_RUNS ?? 200)
const seed = Number(process.env.FUZZ_SEED ?? 7)
const memoryLimit = 256 * 2 ** 20
/** Far above what a slow machine needs for an honest answer; a hang or a quadratic loop is far above this. */
const timeLimit = 5000

// loadNcnn says what is odd about a file: of ten thousand files, that hides the result.
beforeAll(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterAll(() => {
  vi.restoreAllMocks()
})

/** The bits of all blobs, or why there are none. */
type Outcome = Bits | NcnnError

async function orRefused<Result>(work: () => Promise<Result>): Promise<Result | NcnnError> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof NcnnError) return error
    throw error
  }
}

const run = (model: Model, { inputs }: Pick<FuzzCase, 'inputs'>): Promise<Outcome> =>
  orRefused(async () => bitsOf(await model.run(inputs, { outputs: 'all' })))

/** In ordinary memory. Says also whether the model was loaded. */
async function outcomeOf({ param, bin, inputs, options }: FuzzCase): Promise<[loaded: boolean, Outcome]> {
  const model = await orRefused(() => loadNcnn({ param, bin }, { memoryLimit, ...options }))
  if (model instanceof NcnnError) return [false, model]
  using opened = model
  return [true, await run(opened, { inputs })]
}

/** Twice, in memory that is full of `poison`. */
async function guardedOutcome(files: FuzzCase, poison: number): Promise<Outcome> {
  const memory = guardedMemory(poison)
  using model = await modelOver(files, files.options, memory.arenaOver)
  const loaded = memory.inUse()
  let last: Outcome = {}
  for (const [index, time] of ['first', 'second'].entries()) {
    const outcome = await run(model, files)
    memory.check()
    expect(memory.inUse(), `allocations after the ${time} run`).toBe(loaded)
    if (index > 0) expectSame(outcome, last, 'a second run')
    last = outcome
  }
  return last
}

function expectSame(found: Outcome, wanted: Outcome, where: string): void {
  if (!isSame(found, wanted)) expect(comparable(found), where).toEqual(comparable(wanted))
}

function isSame(found: Outcome, wanted: Outcome): boolean {
  if (found instanceof NcnnError || wanted instanceof NcnnError) return comparable(found) === comparable(wanted)
  return haveSameBits(found, wanted)
}

const comparable = (outcome: Outcome) => (outcome instanceof NcnnError ? outcome.message : outcome)

function expectPlain({ message }: NcnnError): void {
  expect(message).not.toMatch(
    /(?<!result )undefined|\[object|is not a function|not iterable|Cannot (read|mix|convert)|memory access out of bounds|unreachable|Invalid|RangeError|call stack|nothing is allocated/,
  )
  expect(message.length).toBeLessThan(2000)
}

test('the unchanged models run, from both forms of .param', async () => {
  const options = { ncnn: {}, precision: 'float32', batched: false } as const
  for (const model of textModels.flatMap((text) => [text, binaryForm(text)])) {
    const [, outcome] = await outcomeOf({ ...model, options })
    if (outcome instanceof NcnnError) throw outcome
  }
})

test(`${runs} changed models run or are refused in words`, { timeout: runs * 200 + 60_000 }, async () => {
  const outcomes = new Map<string, number>()
  let slowest = 0
  const property = fc.asyncProperty(anyPlan, async (plan) => {
    const files = build(plan)
    const started = performance.now()
    const [loaded, outcome] = await outcomeOf(files)
    const elapsed = performance.now() - started
    slowest = Math.max(slowest, elapsed)
    expect(elapsed).toBeLessThan(timeLimit)
    const refused = outcome instanceof NcnnError
    const kind = refused ? `${loaded ? 'run' : 'load'}: ${outcome.code}` : 'ran'
    outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1)
    if (refused) expectPlain(outcome)
    // Red zones need memory of their own: the limit would be met elsewhere.
    if (!loaded || (refused && outcome.code === 'out-of-memory')) return
    for (const poison of [0, 0xff]) expectSame(await guardedOutcome(files, poison), outcome, `poison ${poison}`)
  })
  const details = await fc.check(property, { numRuns: runs, seed })
  const counts = [...outcomes].sort(([, a], [, b]) => b - a).map(([kind, count]) => `${count} ${kind}`)
  const resident = Math.round(process.memoryUsage().rss / 2 ** 20)
  console.log(
    `${details.numRuns} changed models, seed ${seed}: ${counts.join(', ')}; slowest ${Math.round(slowest)} ms, ${resident} MB resident`,
  )
  const [plan] = details.counterexample ?? []
  if (plan !== undefined) {
    const folder = await keepFailure(plan, details.errorInstance, seed)
    throw new Error(`seed ${seed}, path ${details.counterexamplePath}: the smallest model that fails is in ${folder}`, {
      cause: details.errorInstance,
    })
  }
  const ran = outcomes.get('ran') ?? 0
  expect(ran).toBeGreaterThan(runs / 10)
  expect(ran).toBeLessThan(runs)
})
