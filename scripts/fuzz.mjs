// Runs the fuzzers of models and snapshots: `npm run test:fuzz -- [COUNT] [SEED]`, by default 20000 of each with the seed 7.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const [count = '20000', seed = '7', ...others] = process.argv.slice(2)
if (!/^[1-9]\d*$/.test(count) || !/^-?\d+$/.test(seed) || others.length > 0) {
  console.error('usage: npm run test:fuzz -- [COUNT] [SEED]')
  process.exit(2)
}
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url))
const { status } = spawnSync(process.execPath, [vitest, 'run', 'test/runners/ncnn/fuzz', 'test/snapshots/fuzz'], {
  stdio: 'inherit',
  env: { ...process.env, FUZZ_RUNS: count, FUZZ_SEED: seed },
})
process.exit(status ?? 1)
