// Damaged model files either load and run, or give an error of our own: quickly, and in little memory.
// What runs is run again in memory that holds garbage: the same bits, and all that was allocated is freed.
// FUZZ_RUNS and FUZZ_SEED say how many are tried and which: `npm run test:fuzz` tries tens of thousands.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeElements } from '../../../../src/files/elements.ts'
import { loadNcnn, NcnnError } from '../../../../src/runners/ncnn/index.ts'
import { counted, modelOver, poisonedArena } from '../engines/wasm/hostile-memory.ts'
import { type FuzzModel, fuzzModels } from './models.ts'
import { damaged } from './mutate.ts'

const runs = Number(process.env.FUZZ_RUNS ?? 400)
const seed = Number(process.env.FUZZ_SEED ?? 7)
const memoryLimit = 256 * 2 ** 20
/** Far above what a slow machine needs for an honest answer; a hang or a quadratic loop is far above this. */
const timeLimit = 5000

async function outcome({ param, bin, inputs }: FuzzModel): Promise<'ran' | NcnnError> {
  try {
    using model = await loadNcnn({ param, bin }, { memoryLimit })
    await model.run(inputs, { outputs: 'all' })
    return 'ran'
  } catch (error) {
    if (error instanceof NcnnError) return error
    throw error
  }
}

/** The bytes of all blobs, computed in memory that is full of `poison`. */
async function bytesIn({ param, bin, inputs }: FuzzModel, poison: number): Promise<Record<string, Uint8Array>> {
  const arenas = counted(poisonedArena(poison))
  using model = await modelOver({ param, bin }, { memoryLimit }, arenas.make)
  const loaded = arenas.inUse()
  const outputs = await model.run(inputs, { outputs: 'all' })
  expect(arenas.inUse()).toBe(loaded)
  return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, encodeElements(tensor)]))
}

test('the undamaged models run', async () => {
  for (const model of fuzzModels) expect(await outcome(model)).toBe('ran')
})

test(`${runs} damaged models run or are refused in words`, { timeout: runs * 200 + 60_000 }, async () => {
  let refused = 0
  let slowest = 0
  await fc.assert(
    fc.asyncProperty(damaged(fuzzModels), async (model) => {
      const started = performance.now()
      const result = await outcome(model)
      const elapsed = performance.now() - started
      slowest = Math.max(slowest, elapsed)
      expect(elapsed).toBeLessThan(timeLimit)
      if (result === 'ran') {
        expect(await bytesIn(model, 0xff)).toEqual(await bytesIn(model, 0))
        return
      }
      refused++
      expect(result.message).not.toMatch(
        /undefined|\[object|is not a function|Cannot read|memory access out of bounds|unreachable|Invalid typed array/,
      )
      expect(result.message.length).toBeLessThan(2000)
    }),
    { numRuns: runs, seed },
  )
  const resident = Math.round(process.memoryUsage().rss / 2 ** 20)
  console.log(`${runs} damaged models: ${refused} refused, slowest ${Math.round(slowest)} ms, ${resident} MB resident`)
  expect(refused).toBeGreaterThan(runs / 10)
  expect(refused).toBeLessThan(runs)
})
