import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['upgrade.test.ts'],
    setupFiles: ['expect-tensor/vitest'],
  },
})
