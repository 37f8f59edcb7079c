// The project's own test-suite. Suites that need Python, a browser or a packed tarball have configurations of their own.
import { configDefaults, defineConfig } from 'vitest/config'

/**
 * V8 compiles everything at once, quickly, and optimizes it later: most of what tests run is done before the optimized code, which took a third
 * of all processor time, is there. From Node 22 on the budget is called otherwise, and gains nothing.
 */
const compileSimply = [
  '--always-sparkplug',
  ...(process.version.startsWith('v20.') ? ['--interrupt-budget=500000'] : []),
]

/**
 * Most of what tests allocate is garbage at once. A collector with threads of its own, which marks in small steps, avoids pauses that nobody
 * minds here, and takes longer in all.
 */
const collectSimply = [
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
  '--single-threaded-gc',
  '--no-incremental-marking',
]

/** They want to see the relaxed kernels compiled, which others keep, and throw a switch of V8 that stays thrown. */
const relaxedSimd = ['test/runners/ncnn/engines/wasm/relaxed-simd.test.ts', 'test/kernels/fused.test.ts']

/** It loads the AssemblyScript compiler, which leaves a hundred globals and as many megabytes behind. */
const compiler = ['test/scripts/unroll-blocks.test.ts']

export default defineConfig({
  test: {
    // Importing the same modules anew for each file takes as long as all tests do.
    isolate: false,
    execArgv: [...collectSimply, ...compileSimply],
    // What Vite makes of a module is kept in node_modules until the module, the configuration or package-lock.json changes.
    experimental: { fsModuleCache: true },
    // Only what hangs may reach them: nothing takes longer than some seconds, on a busy machine some times as long.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'shared modules',
          include: ['test/**/*.test.ts'],
          exclude: [
            ...configDefaults.exclude,
            ...relaxedSimd,
            ...compiler,
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
      { extends: true, test: { name: 'relaxed SIMD', isolate: true, include: relaxedSimd } },
      { extends: true, test: { name: 'compiler', isolate: true, include: compiler } },
    ],
  },
})
