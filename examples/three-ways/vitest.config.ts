import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['three-ways.test.ts'],
    setupFiles: ['expect-tensor/vitest'],
    // Runtimes are compiled, and interpreters started, when the first model is loaded.
    testTimeout: 60_000,
  },
})
