// The project's own test-suite. Suites that need Python, a browser or a packed tarball have configurations of their own.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Statistical and property tests take seconds on a busy machine.
    testTimeout: 30_000,
    exclude: [
      'test/python/**',
      'test/packaging/**',
      'test/runtimes/**',
      'test/snapshots/{lifecycle,browser}/**',
      'test/browser/**',
      '**/node_modules/**',
    ],
  },
})
