// The plugin for Vitest: the matchers and the reporter, in one line.
import { existsSync, realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vitest/config'
import type { VitestReporterOptions } from './reporter.ts'

const matchers = 'expect-tensor/vitest'
const reporter = 'expect-tensor/vitest-reporter'

/** `plugins: [expectTensor()]`. The matchers are registered in every test file, and the reporter is added to those that the run has. */
export default function expectTensor(options: VitestReporterOptions = {}): Plugin {
  return {
    name: 'expect-tensor',
    config: () => ({ test: { setupFiles: [matchers] } }),
    // called once for each project of a workspace
    configureVitest({ vitest: { config }, project }) {
      const isThere = config.reporters.some((one) => Array.isArray(one) && one[0] === reporter)
      if (!isThere) config.reporters.push([reporter, { ...options }])
      // In Vitest 5 projects that share the root's server have their own setup files, and nobody asks for `config` again.
      const setupFile = setupFileOf(config.setupFiles)
      if (!project.config.setupFiles.includes(setupFile)) project.config.setupFiles.push(setupFile)
    },
  }
}

/** The matchers, as Vitest has resolved them for the root: under another path they would be registered twice. */
function setupFileOf(setupFiles: readonly string[]): string {
  const own = fileURLToPath(import.meta.resolve(matchers))
  return setupFiles.find((file) => existsSync(file) && realpathSync(file) === realpathSync(own)) ?? own
}
