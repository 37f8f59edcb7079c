// Reports of real runs, whatever the test runner does with its tests: nothing is lost, nothing is ascribed to another test.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import type { Report } from '../../../src/report/report.ts'
import { createProject, type Runner } from '../../snapshots/lifecycle/project.ts'
import { describeAssertions, found, readReport, summaries } from './found.ts'

const reporterArgs: Readonly<Record<Runner, readonly string[]>> = {
  vitest: ['--reporter=default', '--reporter=expect-tensor/vitest-reporter'],
  jest: ['--reporters=default', '--reporters=expect-tensor/jest-reporter'],
}

const blobArgs = ['--reporter=blob', '--reporter=expect-tensor/vitest-reporter']
const program = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url))

const variants: Readonly<Record<Runner, readonly (readonly string[])[]>> = {
  vitest: [
    ['--pool=forks'],
    ['--pool=threads'],
    ['--pool=vmThreads'],
    ['--pool=vmForks'],
    ['--no-isolate', '--no-file-parallelism'],
    ['--no-isolate', '--pool=threads', '--maxWorkers=1'],
    ['--sequence.hooks=list'],
  ],
  jest: [['--maxWorkers=2'], ['--runInBand'], ['--workerThreads', '--maxWorkers=2']],
}

describe.each<Runner>(['vitest', 'jest'])('%s', (runner) => {
  const project = createProject(runner, fileURLToPath(new URL(`${runner}-project`, import.meta.url)))
  afterAll(() => project.remove())

  test('without the reporter nothing is written', async () => {
    await project.run([])
    expect(existsSync(join(project.folder, 'expect-tensor-report'))).toBe(false)
  })

  test.each(variants[runner].map((args) => [args.join(' '), args] as const))('%s', async (_, args) => {
    const { output } = await project.run([...reporterArgs[runner], ...args])
    const report = readReport(project.folder)
    expect(describeAssertions(report).sort()).toEqual([...found[runner]].sort())
    expect(report.summary).toEqual(summaries[runner])
    expect(report.run).toMatchObject({ testRunner: { name: runner }, lostFiles: ['broken.test.js'] })
    expect(report.assertions.find(({ test }) => test?.[0] === 'passes')).toMatchObject({
      line: 5,
      matcher: 'toMatchTensor',
    })
    expect(output).toContain('tensor assertions failed; 3 passed with more than half of the tolerance used')
  })

  test('an assertion has the same id in every run, and each its own', async () => {
    const before = readReport(project.folder).assertions.filter(({ superseded }) => !superseded)
    await project.run(reporterArgs[runner])
    const after = readReport(project.folder).assertions.filter(({ superseded }) => !superseded)
    const ids = (assertions: Report['assertions']): string[] => assertions.map(({ id }) => id).sort()
    expect(ids(after)).toEqual(ids(before))
    expect(new Set(ids(after)).size).toBe(after.length)
  })
})

describe('the parts of a run on three machines', () => {
  test('Vitest: blobs carry what the assertions found', async () => {
    const project = createProject('vitest', fileURLToPath(new URL('vitest-project', import.meta.url)))
    try {
      await project.run(['others'])
      for (const index of [1, 2, 3]) await project.run([...blobArgs, `--shard=${index}/3`])
      rmSync(join(project.folder, 'expect-tensor-report'), { recursive: true })
      await project.run([...reporterArgs.vitest, '--merge-reports'])
      const report = readReport(project.folder)
      expect(describeAssertions(report).sort()).toEqual([...found.vitest].sort())
      expect(report.summary).toEqual(summaries.vitest)
      expect(report.run.shards?.every(({ count }) => count === 3)).toBe(true)
    } finally {
      project.remove()
    }
  })

  test('Jest: reports are merged', async () => {
    const project = createProject('jest', fileURLToPath(new URL('jest-project', import.meta.url)))
    try {
      await project.run(['--testPathPatterns=others'])
      const paths = [1, 2, 3].map((index) => join(project.folder, `${index}.json`))
      for (const [i, path] of paths.entries()) {
        await project.run([...reporterArgs.jest, `--shard=${i + 1}/3`])
        renameSync(join(project.folder, 'expect-tensor-report/report.json'), path)
      }
      const merged = join(project.folder, 'merged.json')
      execFileSync(process.execPath, [program, 'report', 'merge', ...paths, '--output', merged], { stdio: 'pipe' })
      const report: Report = JSON.parse(readFileSync(merged, 'utf8'))
      expect(describeAssertions(report).sort()).toEqual([...found.jest].sort())
      expect(report.summary).toEqual(summaries.jest)
      expect(report.run.shards?.map(({ index }) => index)).toEqual([1, 2, 3])
      expect(report.run.lostFiles).toEqual(['broken.test.js'])
    } finally {
      project.remove()
    }
  })
})

test.each([
  ['', ''],
  [', also where the matchers are listed as well', "setupFiles: ['expect-tensor/vitest'],"],
])(
  'the plugin for Vitest registers matchers and reporter, and failures are annotated with pictures%s',
  async (_, more) => {
    const project = createProject('vitest', fileURLToPath(new URL('vitest-project', import.meta.url)))
    try {
      writeFileSync(
        join(project.folder, 'vitest.config.mjs'),
        `import expectTensor from 'expect-tensor/vitest-plugin'
const pictures = { onTestCaseAnnotate: (test, { message, attachment }) =>
  console.log(\`ANNOTATED \${test.name}: \${message} \${attachment.contentType} \${attachment.body.slice(0, 4)}\`) }
export default { plugins: [expectTensor({ annotate: true, outputDir: 'accuracy' })],
  test: { globals: true, include: ['*.test.js'], ${more} reporters: ['default', pictures] } }`,
      )
      const { output } = await project.run([])
      const report: Report = JSON.parse(readFileSync(join(project.folder, 'accuracy/report.json'), 'utf8'))
      expect(report.summary).toEqual(summaries.vitest)
      expect(output).toContain('ANNOTATED fails: toMatchTensor: |error| against |reference| image/svg+xml <svg')
      expect(output.match(/ANNOTATED/g)).toHaveLength(7)
    } finally {
      project.remove()
    }
  },
)
