// Runs the fuzzers of models, snapshots and tensor files: `npm run test:fuzz -- [COUNT] [SEED]`, by default 20000 of each with the seed 7, of
// snapshots a tenth.
// Tensor files are compared with numpy and safetensors, which the Python has that EXPECT_TENSOR_PYTHON names, or are skipped.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const [count = '20000', seed = '7', ...others] = process.argv.slice(2)
if (!/^[1-9]\d*$/.test(count) || !/^-?\d+$/.test(seed) || others.length > 0) {
  console.error('usage: npm run test:fuzz -- [COUNT] [SEED]')
  process.exit(2)
}
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url))
const runs = [
  ['run', 'test/runners/ncnn/fuzz', 'test/snapshots/fuzz'],
  ['run', '--config', 'vitest.python.config.ts', 'test/python/fuzz'],
]
const env = { ...process.env, FUZZ_RUNS: count, FUZZ_SEED: seed }
const failed = runs.filter(
  (run) => spawnSync(process.execPath, [vitest, ...run], { stdio: 'inherit', env }).status !== 0,
)
process.exit(failed.length > 0 ? 1 : 0)
