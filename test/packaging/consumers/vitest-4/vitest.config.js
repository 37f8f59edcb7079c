import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { setupFiles: ['expect-tensor/vitest'], reporters: ['default', 'expect-tensor/vitest-reporter'] },
})
