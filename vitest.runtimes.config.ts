// The suite that runs models in the runtimes they come from: ONNX Runtime, TensorFlow.js, LiteRT, PyTorch. What is missing is skipped, and said so.
import { delimiter, join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { describeRuntimes, findRuntimes } from './test/runtimes/find-runtimes.ts'

// The folder in which the JavaScript runtimes are installed: they are too large to be devDependencies.
const folder = process.env.EXPECT_TENSOR_RUNTIMES || process.cwd()
process.env.NODE_PATH = [join(folder, 'node_modules'), process.env.NODE_PATH].filter(Boolean).join(delimiter)

// TensorFlow would say of itself what it is.
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'

const runtimes = findRuntimes(folder)
process.stdout.write(describeRuntimes(runtimes))

const shared = { provide: { runtimes }, testTimeout: 120_000, hookTimeout: 120_000 }

export default defineConfig({
  test: {
    projects: [
      { test: { ...shared, name: 'forks', pool: 'forks', include: ['test/runtimes/*.test.ts'] } },
      // Here typed arrays are of another realm than Node's own.
      {
        test: {
          ...shared,
          name: 'vmThreads',
          pool: 'vmThreads',
          include: ['test/runtimes/{model,onnx,litert}.test.ts'],
        },
      },
    ],
  },
})
