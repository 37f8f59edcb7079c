// The plugin for Vitest, by its hooks. What a run makes of it: lifecycle/reporters.test.ts, and the packed package in Vitest 4 and 5.
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import expectTensor from '../../src/vitest-plugin.ts'

const setupFile = fileURLToPath(import.meta.resolve('expect-tensor/vitest'))

/** What a hook of Vitest 5 leaves: the root's setup files and reporters, and those of a project that shares its server. */
function configured(root: string[], own: string[]) {
  const config = { reporters: [['default', {}]] as unknown[], setupFiles: root }
  const project = { config: { setupFiles: own } }
  const hook = expectTensor({ outputDir: 'accuracy' }).configureVitest as (context: object) => void
  for (const _ of ['a project', 'another']) hook({ vitest: { config }, project })
  return { reporters: config.reporters, setupFiles: project.config.setupFiles }
}

test('projects that Vitest does not ask for their configuration get the matchers, once', () => {
  expect(configured(['/own/setup.ts', setupFile], ['/of/project.ts'])).toEqual({
    reporters: [
      ['default', {}],
      ['expect-tensor/vitest-reporter', { outputDir: 'accuracy' }],
    ],
    setupFiles: ['/of/project.ts', setupFile],
  })
  expect(configured([setupFile], [setupFile]).setupFiles).toEqual([setupFile])
  expect(configured([], []).setupFiles).toEqual([setupFile])
})
