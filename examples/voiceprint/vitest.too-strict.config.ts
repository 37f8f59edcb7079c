// Runs the one test that is meant to fail, to show what a failure looks like.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['too-strict.test.ts'],
    setupFiles: ['expect-tensor/vitest'],
  },
})
