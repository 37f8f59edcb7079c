// The life of snapshots under both runners, step by step: what is written, counted, refused and removed is as with the runner's own.
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { createProject, type Runner } from './project.ts'

/** What each runner prints about snapshots. */
const summaries: Readonly<Record<Runner, Readonly<Record<string, string>>>> = {
  vitest: {
    written: '12 written',
    // of the two failures of one test Vitest reports the first
    changed: '2 failed',
    updated: '3 updated',
    removed: '1 removed',
  },
  jest: {
    written: '12 written, 12 total',
    // both failures of one test: Jest collects those of snapshot matchers
    changed: '3 failed, 8 passed, 11 total',
    updated: '3 updated, 9 passed, 12 total',
    removed: '1 removed, 11 passed, 11 total',
  },
}

const asBefore = { plain: 1, first: 1, second: 1 }
const changed = { plain: 1.5, first: 1.5, second: 1.5 }

describe.each<Runner>(['vitest', 'jest'])('%s', (runner) => {
  const project = createProject(runner, fileURLToPath(new URL('project', import.meta.url)))
  const expected = summaries[runner]

  let stored: Record<string, string> = {}
  afterAll(() => project.remove())

  test('CI without snapshots fails and writes nothing', async () => {
    project.setValues(asBefore)
    const { code, output } = await project.run([], { ci: true })
    expect(code).toBe(1)
    expect(output).toMatch(/No tensor snapshot is stored for "plain 1", and none is written now/)
    expect(project.tensorFiles()).toEqual({})
  })

  test('the first run writes, and a retried test leaves nothing of its first attempt', async () => {
    const { code, summary } = await project.run([])
    expect({ code, summary }).toEqual({ code: 0, summary: expected.written })
    expect(project.inconsistencies()).toEqual([])
    stored = project.tensorFiles()
    expect(Object.keys(stored)).toHaveLength(11)
  })

  test('CI with snapshots passes', async () => {
    const { code } = await project.run([], { ci: true })
    expect(code).toBe(0)
  })

  test('within tolerance nothing is rewritten, with -u neither', async () => {
    project.setValues({ plain: 1.00005, first: 0.99995, second: 1 })
    for (const args of [[], ['-u']]) {
      const { code } = await project.run(args)
      expect(code).toBe(0)
      expect(project.tensorFiles()).toEqual(stored)
    }
  })

  test('a change fails in CI', async () => {
    project.setValues(changed)
    const { code, output, summary } = await project.run(['model'], { ci: true })
    expect(code).toBe(1)
    expect(summary).toBe(expected.changed)
    expect(output).toMatch(
      /The tensor snapshot "plain 1" does not match: 99 of 100 elements \(99%\) exceed the tolerance/,
    )
    expect(project.tensorFiles()).toEqual(stored)
  })

  test('a change fails locally', async () => {
    const { code } = await project.run([])
    expect(code).toBe(1)
    expect(project.tensorFiles()).toEqual(stored)
  })

  test('-u updates, says by how much, and removes what it replaced', async () => {
    const { code, output, summary } = await project.run(['-u'])
    expect({ code, summary }).toEqual({ code: 0, summary: expected.updated })
    expect(output).toMatch(
      /snapshot "plain 1" updated, new against old: cosine 1[^,]*, max error 0.5[^,]*, 99 of 100 elements \(99%\) beyond the tolerance/,
    )
    expect(project.inconsistencies()).toEqual([])
    const files = project.tensorFiles()
    expect(Object.keys(files)).toHaveLength(11)
    expect(Object.keys(files).filter((name) => !(name in stored))).toHaveLength(3)
    stored = files
  })

  test('a test that passes when retried passes', async () => {
    const { code, summary } = await project.run(['flaky'], { ci: true })
    expect({ code, failed: /failed/.test(summary) }).toEqual({ code: 0, failed: false })
    expect(project.tensorFiles()).toEqual(stored)
  })

  test('a removed test is obsolete, and an error in CI', async () => {
    project.setValues({ ...changed, removed: true })
    const { code, output } = await project.run(['model'], { ci: true })
    expect(code).toBe(1)
    expect(output).toMatch(/obsolete/i)
    expect(project.tensorFiles()).toEqual(stored)
  })

  test('-u removes what is obsolete, the tensors too', async () => {
    const { code, summary } = await project.run(['-u'])
    expect({ code, summary }).toEqual({ code: 0, summary: expected.removed })
    expect(project.inconsistencies()).toEqual([])
    expect(Object.keys(project.tensorFiles())).toHaveLength(10)
    stored = project.tensorFiles()
  })

  test('a new snapshot fails in CI and is not written', async () => {
    project.setValues({ ...changed, removed: true, added: true })
    const { code } = await project.run([], { ci: true })
    expect(code).toBe(1)
    expect(project.tensorFiles()).toEqual(stored)
  })

  test('tests that -t leaves out are not obsolete', async () => {
    const { code, output } = await project.run(['-t', 'outer'], { ci: true })
    expect(code).toBe(0)
    expect(output).not.toMatch(/obsolete/i)
    expect(project.tensorFiles()).toEqual(stored)
  })
})
