// The plugin for Vitest: the matchers and the reporter, in one line.
import type { Plugin } from 'vitest/config'
import type { VitestReporterOptions } from './reporter.ts'

const reporter = 'expect-tensor/vitest-reporter'

/** `plugins: [expectTensor()]`. The matchers are registered in every test file, and the reporter is added to those that the run has. */
export default function expectTensor(options: VitestReporterOptions = {}): Plugin {
  return {
    name: 'expect-tensor',
    config: () => ({ test: { setupFiles: ['expect-tensor/vitest'] } }),
    configureVitest({ vitest: { config } }) {
      // called once for each project of a workspace
      const isThere = config.reporters.some((one) => Array.isArray(one) && one[0] === reporter)
      if (!isThere) config.reporters.push([reporter, { ...options }])
    },
  }
}
