// What damage and full disks do to snapshots under both runners: tests fail and say why, and what was stored is still there.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createProject, type Runner } from './project.ts'

describe.each<Runner>(['vitest', 'jest'])('%s', (runner) => {
  const project = createProject(runner, fileURLToPath(new URL('project', import.meta.url)))
  const snapPath = join(project.folder, '__snapshots__/model.test.js.snap')
  const faulty = (fault: string) => {
    const script = fileURLToPath(new URL('disk-fault.cjs', import.meta.url))
    return { env: { NODE_OPTIONS: `--require ${JSON.stringify(script)}`, DISK_FAULT: fault } }
  }
  const before = { plain: 1, first: 1, second: 1 }
  const drifted = { plain: 2, first: 2, second: 2 }
  let snap = ''
  let tensors: Record<string, string> = {}

  beforeAll(async () => {
    project.setValues(before)
    await project.run([])
    snap = readFileSync(snapPath, 'utf8')
    tensors = project.tensorFiles()
  })
  afterAll(() => project.remove())

  test.each([
    ['a left-over =======', (text: string) => text.replace('exports[`plain', '=======\n$&')],
    ['a lost line', (text: string) => text.replace(/exports\[`plain.*\n/, '')],
    ['a stray backtick', (text: string) => `${text}\``],
    [
      'a name that JavaScript looks up',
      (text: string) => text.replace('exports[`plain', `exports[\`a\`] = \`\${b}\`;\n$&`),
    ],
  ])('%s: fails run after run, and is left as it is', async (_, edit) => {
    project.setValues(drifted)
    const damaged = edit(snap)
    expect(damaged).not.toBe(snap)
    writeFileSync(snapPath, damaged)
    for (const args of [[], [], ['-u'], []]) {
      const { code, output } = await project.run(['model', ...args])
      expect(code).toBe(1)
      expect(output).toMatch(/model\.test\.js\.snap (is|has|mentions) .*restore the file with "git checkout"/)
      expect(readFileSync(snapPath, 'utf8')).toBe(damaged)
      expect(project.tensorFiles()).toEqual(tensors)
    }
    writeFileSync(snapPath, snap)
  })

  test('a merge that gave a snapshot the tensors of another', async () => {
    project.setValues({ ...before, plain: 2 })
    const body = (key: string) => new RegExp(`(?<=exports\\[\`${key}\`\\] = )\`[^\`]*\``).exec(snap)?.[0] ?? ''
    const mixed = snap.replace(body('plain 1'), () => body('concurrent b 1'))
    expect(mixed).not.toBe(snap)
    writeFileSync(snapPath, mixed)
    for (const args of [[], ['-u'], []]) {
      const { code, output } = await project.run(['model', ...args])
      expect(code).toBe(1)
      expect(output).toMatch(/gives the snapshot "plain 1" the tensors of another one/)
      expect(project.tensorFiles()).toEqual(tensors)
    }
    writeFileSync(snapPath, snap)
  })

  test('snapshots that the .snap lost, and a runner that saved it', async () => {
    project.setValues(drifted)
    writeFileSync(snapPath, snap.slice(0, snap.indexOf('exports[`concurrent')))
    await project.run(['model', '-t', 'text'])
    for (const args of [[], ['-u']]) {
      const { code, output } = await project.run(['model', ...args])
      expect(code).toBe(1)
      expect(output).toMatch(/has no snapshot "plain 1", but its tensors were stored/)
      for (const [name, hash] of Object.entries(tensors)) expect(project.tensorFiles()[name]).toBe(hash)
    }
    project.setValues(before)
    writeFileSync(snapPath, snap)
    expect(await project.run([], { ci: true })).toMatchObject({ code: 0 })
  })

  test('-u on a full disk says so, and all that was stored is still there', async () => {
    project.setValues(drifted)
    const { code, output } = await project.run(['model', '-u'], faulty('tensors'))
    expect(code).toBe(1)
    expect(output).toMatch(/no space left on the disk/)
    expect(output).not.toMatch(/Unhandled/)
    expect(readFileSync(snapPath, 'utf8')).toBe(snap)
    expect(project.tensorFiles()).toEqual(tensors)
  })

  test('-u on a disk that is full when the .snap is saved leaves the old one', async () => {
    project.setValues(drifted)
    const { code, output } = await project.run(['model', '-u'], faulty('snap'))
    expect(code).toBe(1)
    expect(output).toMatch(/ENOSPC/)
    expect(readFileSync(snapPath, 'utf8')).toBe(snap)
    project.setValues(before)
    expect(await project.run([], { ci: true })).toMatchObject({ code: 0 })
  })

  test('a file that cannot be removed is a warning in a green run', async () => {
    project.setValues(drifted)
    const { code, output } = await project.run(['model', '-u'], faulty('removal'))
    expect(output).toMatch(
      /no snapshot needs \S+ any more, but it cannot be removed: .*"npx expect-tensor prune" removes it/,
    )
    expect(output).not.toMatch(/Unhandled/)
    expect(code).toBe(0)
    expect(await project.run([], { ci: true })).toMatchObject({ code: 0 })
  })
})
