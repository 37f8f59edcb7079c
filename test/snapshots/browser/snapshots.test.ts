// Snapshots in Vitest's browser mode: one step after the other.
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BrowserProject, chromium, createBrowserProject } from '../../browser/project.ts'

describe.skipIf(chromium === undefined)('snapshots in Chromium', () => {
  let project: BrowserProject
  beforeAll(() => {
    project = createBrowserProject(fileURLToPath(new URL('project', import.meta.url)))
  })
  afterAll(() => project?.remove())

  const tensorFolder = (): string => join(project.folder, '__snapshots__/model.test.js.tensors')
  const tensorFiles = (): string[] => (existsSync(tensorFolder()) ? readdirSync(tensorFolder()).sort() : [])
  const run = (values: object, args: readonly string[] = [], { ci = false } = {}) => {
    writeFileSync(join(project.folder, 'values.json'), JSON.stringify(values))
    return project.run(args, ci ? { CI: 'true' } : {})
  }
  let stored: readonly string[]

  test('CI without snapshots fails and writes nothing', () => {
    const { status, output } = run({ plain: 1 }, [], { ci: true })
    expect(output).toMatch(/No tensor snapshot is stored for "plain 1"/)
    expect(status).toBe(1)
    expect(tensorFiles()).toEqual([])
  })

  test('the first run writes', () => {
    const { status, output } = run({ plain: 1 })
    expect(output).toMatch(/Snapshots {2}3 written/)
    expect(status).toBe(0)
    stored = tensorFiles()
    expect(stored).toHaveLength(3)
  })

  test('CI with snapshots passes', () => {
    expect(run({ plain: 1 }, [], { ci: true })).toMatchObject({ status: 0 })
  })

  test('within tolerance nothing is rewritten', () => {
    expect(run({ plain: 1.00005 }, ['-u'])).toMatchObject({ status: 0 })
    expect(tensorFiles()).toEqual(stored)
  })

  test('a change fails', () => {
    const { status, output } = run({ plain: 1.5 })
    expect(output).toMatch(/The tensor snapshot "plain 1" does not match: 99 of 100 elements/)
    expect(status).toBe(1)
    expect(tensorFiles()).toEqual(stored)
  })

  test('-u updates, and removes what it replaced', () => {
    const { status, output } = run({ plain: 1.5 }, ['-u'])
    expect(output).toMatch(/Snapshots {2}1 updated/)
    expect(output).toMatch(/snapshot "plain 1" updated, new against old: cosine 1/)
    expect(status).toBe(0)
    expect(tensorFiles()).toHaveLength(3)
    expect(tensorFiles()).not.toEqual(stored)
  })

  test('a damaged file is an error', () => {
    const [damaged] = tensorFiles().filter((name) => name.startsWith('plain'))
    writeFileSync(join(tensorFolder(), damaged), 'damaged')
    const { status, output } = run({ plain: 1.5 }, [], { ci: true })
    expect(output).toMatch(/the file is damaged or not the one that was stored/)
    expect(status).toBe(1)
  })
})
