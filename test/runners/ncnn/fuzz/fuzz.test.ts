// Damaged model files either load and run, or give an error of our own: quickly, and in little memory.
// FUZZ_RUNS sets how many are tried: `npm run test:fuzz` tries tens of thousands.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadNcnn, NcnnError } from '../../../../src/runners/ncnn/index.ts'
import { type FuzzModel, fuzzModels } from './models.ts'
import { damaged } from './mutate.ts'

const runs = Number(process.env.FUZZ_RUNS ?? 400)
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
      if (result === 'ran') return
      refused++
      expect(result.message).not.toMatch(
        /undefined|\[object|is not a function|Cannot read|memory access out of bounds|unreachable|Invalid typed array/,
      )
      expect(result.message.length).toBeLessThan(2000)
    }),
    { numRuns: runs, seed: process.env.FUZZ_SEED === undefined ? 7 : Number(process.env.FUZZ_SEED) },
  )
  const resident = Math.round(process.memoryUsage().rss / 2 ** 20)
  console.log(`${runs} damaged models: ${refused} refused, slowest ${Math.round(slowest)} ms, ${resident} MB resident`)
  expect(refused).toBeGreaterThan(runs / 10)
  expect(refused).toBeLessThan(runs)
})
