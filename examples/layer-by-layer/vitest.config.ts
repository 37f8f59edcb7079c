import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['layer-by-layer.test.ts'],
    setupFiles: ['expect-tensor/vitest'],
    testTimeout: 30_000,
  },
})
