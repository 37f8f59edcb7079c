import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['voiceprint.test.ts'],
    setupFiles: ['expect-tensor/vitest'],
  },
})
