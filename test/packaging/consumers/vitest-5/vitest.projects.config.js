// Projects that share the root's server: Vitest 5 asks no plugin for their configuration.
import expectTensor from 'expect-tensor/vitest-plugin'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [expectTensor()],
  test: {
    projects: [
      { extends: true, test: { name: 'one' } },
      { extends: true, test: { name: 'two' } },
    ],
  },
})
