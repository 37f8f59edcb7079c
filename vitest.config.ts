// The project's own test-suite. Suites that need Python, a browser or a packed tarball have configurations of their own.
import { configDefaults, defineConfig } from 'vitest/config'

/** Suites that change what no test can change back: what is imported afterwards, or what WebAssembly has. */
const isolated = [
  'test/runners/ncnn/engines/wasm/memory/kernel-memory.test.ts',
  'test/runners/ncnn/engines/wasm/relaxed-simd.test.ts',
]

export default defineConfig({
  test: {
    // Only what hangs may reach them: nothing takes longer than some seconds, on a busy machine some times as long.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'shared modules',
          // Importing the same modules anew for each file takes as long as all tests do.
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: [
            ...configDefaults.exclude,
            ...isolated,
            'test/devices/**',
            'test/native/**',
            'test/python/**',
            'test/packaging/**',
            'test/runtimes/**',
            'test/{snapshots,report}/browser/**',
            'test/snapshots/lifecycle/**',
            'test/{matchers,report,cli}/lifecycle/**',
          ],
        },
      },
      { extends: true, test: { name: 'isolated', include: isolated } },
    ],
  },
})
