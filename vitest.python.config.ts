// The suite that asks Python: numpy, safetensors, and the real ncnn. What is not installed is skipped, and said so.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/python/**/*.test.ts'],
    globalSetup: ['test/python/setup.ts'],
    testTimeout: 60_000,
  },
})
