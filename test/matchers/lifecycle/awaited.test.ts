// Assertions that take time, in Vitest and in Jest: one that nobody awaits fails its own test, and no other.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { createProject, type Runner } from '../../snapshots/lifecycle/project.ts'

/** Both runners write the same report of their tests. */
interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly title: string
      readonly status: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

const reportTo: Readonly<Record<Runner, (file: string) => string[]>> = {
  vitest: (file) => ['--reporter=json', `--outputFile=${file}`],
  jest: (file) => ['--json', `--outputFile=${file}`],
}

describe.each<Runner>(['vitest', 'jest'])('%s', (runner) => {
  const project = createProject(runner, fileURLToPath(new URL('project', import.meta.url)))
  const folder = mkdtempSync(join(tmpdir(), 'expect-tensor-report-'))
  afterAll(() => {
    project.remove()
    rmSync(folder, { recursive: true })
  })

  test('a forgotten await fails the test and says what to do', async () => {
    const file = join(folder, 'report.json')
    const { code, output } = await project.run(reportTo[runner](file))
    const report: Report = JSON.parse(readFileSync(file, 'utf8'))
    const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults)
    expect(tests).toHaveLength(10)
    for (const { title, status, failureMessages } of tests) {
      expect([title, status]).toEqual([title, title.startsWith('passes') ? 'passed' : 'failed'])
      if (status === 'failed') {
        expect(failureMessages.join('\n')).toMatch(
          title.includes('forgotten')
            ? /toMatchModel was not awaited.*Put `await` in front: await expect\(model\)\.toMatchModel/
            : /Models do not match\. The models part at layer "scale"/,
        )
      }
    }
    expect(code).toBe(1)
    expect(output).not.toMatch(/unhandled/i)
  })
})
