// The reporter in Vitest's browser mode: nothing is lost, and nothing is ascribed to another test.
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BrowserProject, chromium, createBrowserProject } from '../../browser/project.ts'
import { describeAssertions, found, readReport, summaries } from '../lifecycle/found.ts'

const tests = fileURLToPath(new URL('../lifecycle/vitest-project', import.meta.url))
const settings = `globals: true, include: ['*.test.js'], setupFiles: ['expect-tensor/vitest'],
  reporters: ['default', 'expect-tensor/vitest-reporter']`

/** Of tests that run at once, nothing in a browser says which is speaking. */
const foundInBrowser = found.vitest.map((line) => line.replace(/\| at once > \d \|/, '| ? |'))

describe.skipIf(chromium === undefined)('the reporter in Chromium', () => {
  let project: BrowserProject
  beforeAll(() => {
    project = createBrowserProject(tests, settings)
    // stores the snapshot
    project.run(['others'])
  })
  afterAll(() => project?.remove())

  test.each([[[]], [['--browser.isolate=false', '--no-file-parallelism']], [['--sequence.hooks=list']]])(
    '%j',
    (args) => {
      const { output } = project.run(args)
      const report = readReport(project.folder)
      expect(describeAssertions(report).sort()).toEqual([...foundInBrowser].sort())
      expect(report.summary).toEqual({ ...summaries.vitest, unattributed: 7 })
      expect(report.run).toMatchObject({ testRunner: { name: 'vitest' }, lostFiles: ['broken.test.js'] })
      expect(output).toContain('tensor assertions failed; 3 passed with more than half of the tolerance used')
    },
  )

  test('the parts of a run on three machines', () => {
    const blob = ['--reporter=blob', '--reporter=expect-tensor/vitest-reporter']
    for (const index of [1, 2, 3]) project.run([...blob, `--shard=${index}/3`])
    project.run(['--reporter=default', '--reporter=expect-tensor/vitest-reporter', '--merge-reports'])
    const report = readReport(project.folder)
    expect(describeAssertions(report).sort()).toEqual([...foundInBrowser].sort())
    expect(report.run.lostFiles).toEqual(['broken.test.js'])
    // that of the broken file cannot say which it was
    expect(report.run.shards?.map(({ count }) => count)).toEqual([3, 3])
  })
})
