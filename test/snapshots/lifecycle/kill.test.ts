// Runners that are killed while they update snapshots, and two that update at once: what is stored stays whole and of one piece.
// EXPECT_TENSOR_KILLS=100 says how often each runner is killed; the suite alone is content with less.
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { pruneSnapshots } from '../../../src/cli/prune-snapshots.ts'
import { damageOf } from '../../../src/snapshots/snap-text.ts'
import { uniform } from '../random.ts'
import { createProject, type Runner } from './project.ts'

const kills = Number(process.env.EXPECT_TENSOR_KILLS ?? 5)

describe.each<Runner>(['vitest', 'jest'])('%s', (runner) => {
  const project = createProject(runner, fileURLToPath(new URL('kill-project', import.meta.url)))
  const snap = join(project.folder, '__snapshots__/large.test.js.snap')
  const random = uniform(1)
  afterAll(() => project.remove())

  /** A run of its own process group, so that its workers can be killed with it. */
  const start = (gain: number): ChildProcess => {
    const { script, args, env } = project.command(['-u'])
    return spawn(process.execPath, [script, ...args], {
      cwd: project.folder,
      env: { ...env, GAIN: String(gain) },
      detached: true,
      stdio: 'ignore',
    })
  }
  const ended = (child: ChildProcess) => new Promise<void>((resolve) => child.on('close', () => resolve()))

  /** The gains of the stored tensors: one, unless an update was left half-way. */
  const storedGains = () => [...new Set(Array.from(readSnap().matchAll(/"max": (.*),/g), ([, max]) => Number(max)))]
  const readSnap = () => readFileSync(snap, 'utf8')
  const damage = () => project.inconsistencies().filter((problem) => !/is named nowhere/.test(problem))

  test(`killed ${kills} times: the old snapshots or the new ones, never a part or a mixture`, async () => {
    await ended(start(1))
    const first = performance.now()
    await ended(start(1))
    const duration = performance.now() - first
    const outcomes = { old: 0, new: 0, 'while tensors were written': 0, 'while the runner wrote the .snap': 0 }
    for (let round = 2; round < kills + 2; round++) {
      const before = readSnap()
      const [old] = storedGains()
      const leftBefore = project.inconsistencies()
      const child = start(round)
      const over = ended(child)
      // the second half is when snapshots are taken
      await new Promise((resolve) => setTimeout(resolve, duration * (0.5 + 0.6 * random())))
      try {
        process.kill(-(child.pid ?? 0), 'SIGKILL')
      } catch {
        // it had finished
      }
      await over
      if (damageOf(readSnap()) !== undefined) {
        // runners do not write it in one step: toMatchTensorSnapshot refuses to go on with it, and what it named is still there
        outcomes['while the runner wrote the .snap']++
        writeFileSync(snap, before)
      }
      expect(damage()).toEqual([])
      const left = project.inconsistencies()
      if (left.some((problem) => !leftBefore.includes(problem))) outcomes['while tensors were written']++
      pruneSnapshots(project.folder)
      const after = storedGains()
      expect(after).toHaveLength(1)
      expect([old, round]).toContain(after[0])
      outcomes[after[0] === round ? 'new' : 'old']++
    }
    process.stdout.write(`${runner}, killed ${kills} times: ${JSON.stringify(outcomes)}\n`)
    const temporary = project.inconsistencies().filter((problem) => !problem.includes('.tmp'))
    expect(temporary).toEqual([])
    const { code } = await project.run([], { ci: true, env: { GAIN: String(storedGains()[0]) } })
    expect(code).toBe(0)
  }, 3_600_000)

  test('two runs at once: the snapshots of one of them', async () => {
    for (let round = 0; round < Math.max(2, kills / 10); round++) {
      const gains = [1000 + round, 2000 + round]
      await Promise.all(gains.map((gain) => ended(start(gain))))
      expect(damage()).toEqual([])
      const after = storedGains()
      expect(after).toHaveLength(1)
      expect(gains).toContain(after[0])
    }
  }, 600_000)
})
