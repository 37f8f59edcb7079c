// The suite that runs Vitest and Jest themselves, on small projects with the built package: `npm run build` first.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/{snapshots,matchers,report,cli}/lifecycle/**/*.test.ts'],
    testTimeout: 120_000,
    // The tests wait for the processes that they start; Vitest would leave one processor free.
    maxWorkers: '100%',
  },
})
