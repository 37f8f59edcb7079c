// A .snap that lost something: what was stored is neither replaced nor removed, whatever the runner reads and saves.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: names and texts that look like templates
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { pruneSnapshots } from '../../src/cli/prune-snapshots.ts'
import type { UpdateMode } from '../../src/snapshots/runner-state.ts'
import { startRun, storedFile } from './fake-runner.ts'

let folder: string
let snapPath: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'expect-tensor-damaged-'))
  snapPath = join(folder, 'x.snap')
  vi.spyOn(console, 'log').mockImplementation(() => {})
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
  vi.restoreAllMocks()
})

const snap = () => readFileSync(snapPath, 'utf8')
const tensors = () => readdirSync(join(folder, 'x.tensors')).sort()
const model = (gain: number) => Float32Array.of(1 * gain, 2 * gain, -3 * gain)

/** Two tensors between texts. Returns what failed, by assertion. */
function runTests(mode: UpdateMode, gain: number, names = ['a', 'b']): Record<string, unknown> {
  const run = startRun(folder, mode)
  const failures: Record<string, unknown> = {}
  run.text('0 text', 'one\ntwo')
  for (const name of names) {
    try {
      const message = run.assert(name, model(gain))
      if (message !== undefined) failures[name] = message
    } catch (error) {
      failures[name] = (error as Error).message
    }
  }
  run.text('z text', 'three')
  run.finish()
  return failures
}

describe('damage is refused in every mode, run after run, and nothing is written or deleted', () => {
  const lineOf = (text: string, line: RegExp) => text.replace(line, '')
  const damage: Record<string, (text: string) => string> = {
    'a left-over =======': (text) => text.replace('exports[`b 1`]', '=======\n$&'),
    'a left-over ||||||| base': (text) => text.replace('exports[`b 1`]', '||||||| base\n$&'),
    'conflict markers': (text) => `<<<<<<< ours\n${text}=======\n>>>>>>> theirs\n${text}`,
    'a backtick at the end': (text) => `${text}\``,
    'a backtick in a tensor': (text) => text.replace('"norm"', '`$&'),
    'a backtick in a text': (text) => text.replace('three', 'th`ree'),
    'a name that JavaScript looks up': (text) => text.replace('one', `one \${gone}`),
    'a lost first line of a snapshot': (text) => lineOf(text, /exports\[`a 1`\] = `\n/),
    'a lost last line of a snapshot': (text) => lineOf(text, /`;\n\nexports\[`b/),
    'cut off in the last snapshot': (text) => text.slice(0, -10),
    'cut off in the first tensor': (text) => text.slice(0, text.indexOf('"shape"')),
    'a snapshot twice': (text) => text + text.slice(text.indexOf('exports[`a 1`]'), text.indexOf('exports[`b 1`]')),
    'nothing left': () => '',
    'blank lines only': () => '\n\n',
  }

  test.each(Object.keys(damage))('%s', (kind) => {
    runTests('new', 1)
    writeFileSync(snapPath, damage[kind]?.(snap()) ?? '')
    const before = [snap(), tensors()]
    for (const mode of ['new', 'new', 'none', 'all', 'all', 'new'] as const) {
      for (const gain of [1, 2]) {
        expect(runTests(mode, gain)).toEqual({
          a: expect.stringMatching(
            /^\S+x\.snap (is|has|mentions) .*restore the file with "git checkout".*delete it and/,
          ),
          b: expect.stringContaining('nothing is written'),
        })
        expect([snap(), tensors()]).toEqual(before)
      }
    }
    expect(pruneSnapshots(folder).removed).toEqual([])
  })

  test('bytes that are not UTF-8 name the file', () => {
    runTests('new', 1)
    const bytes = readFileSync(snapPath)
    bytes[bytes.indexOf('three')] = 0xff
    writeFileSync(snapPath, bytes)
    for (const mode of ['new', 'all'] as const) {
      expect(runTests(mode, 1)).toMatchObject({ a: expect.stringMatching(/x\.snap is not UTF-8: nothing is compared/) })
      expect(readFileSync(snapPath)).toEqual(bytes)
    }
  })
})

describe('the tensors of another snapshot', () => {
  const fileOf = (name: string) => basename(storedFile(folder, `${name} 1`))
  const hashOf = (text: string, name: string) =>
    new RegExp(`exports\\[\`${name} 1[^]*?"sha256": "(.*)"`).exec(text)?.[1] ?? ''

  test('are not compared with while there are those of its own', () => {
    runTests('new', 1)
    const [a, b] = [fileOf('a'), fileOf('b')]
    const exchanged = snap().replace(a, b).replace(hashOf(snap(), 'a'), hashOf(snap(), 'b'))
    writeFileSync(snapPath, exchanged)
    const stored = tensors()
    for (const mode of ['new', 'none', 'all'] as const) {
      expect(runTests(mode, 1)).toEqual({
        a: expect.stringMatching(
          `gives the snapshot "a 1" the tensors of another one, .*${b}, .*its own: .*${a}.*git checkout`,
        ),
      })
      expect([snap(), tensors()]).toEqual([exchanged, stored])
    }
  })

  test('are its own where it was renamed in the .snap as well', () => {
    runTests('new', 1, ['a'])
    writeFileSync(snapPath, snap().replace('exports[`a 1`]', 'exports[`c 1`]'))
    expect(runTests('none', 1, ['c'])).toEqual({})
    expect(runTests('none', 2, ['c'])).toHaveProperty('c')
  })
})

describe('tensors that the .snap has no snapshot for', () => {
  const losing: Record<string, () => void> = {
    'the runner saved a damaged .snap in a run without tensors': () => {
      writeFileSync(snapPath, `${snap()}=======\n`)
      runTests('new', 1, [])
    },
    'the .snap was deleted': () => rmSync(snapPath),
    'it was cut off between two snapshots': () =>
      writeFileSync(snapPath, snap().slice(0, snap().indexOf('exports[`a'))),
  }

  test.each(Object.keys(losing))('%s: a model that drifted fails in every mode, run after run', (kind) => {
    runTests('new', 1)
    const stored = tensors()
    losing[kind]?.()
    for (const mode of ['new', 'none', 'all', 'new'] as const) {
      const failures = runTests(mode, 2)
      for (const name of ['a', 'b']) {
        const file = stored.find((stored) => stored.startsWith(name)) ?? ''
        expect(failures[name]).toMatch(`has no snapshot "${name} 1", but its tensors were stored: ${folder}`)
        expect(failures[name]).toContain(file)
        expect(failures[name]).toMatch(/restore it with "git checkout".* "npx expect-tensor prune" removes them/)
      }
      expect(tensors()).toEqual(stored)
    }
  })

  test('what would be written anew bit for bit is taken up again: a run that was killed had got so far', () => {
    runTests('new', 1)
    const before = [snap(), tensors()]
    rmSync(snapPath)
    expect(runTests('none', 1)).toEqual({ a: expect.stringMatching(/prune/), b: expect.stringMatching(/prune/) })
    expect(runTests('new', 1)).toEqual({})
    expect([snap(), tensors()]).toEqual(before)
  })

  test('a file that does not tell whose it is may be', () => {
    runTests('new', 1)
    writeFileSync(storedFile(folder, 'a 1'), 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12345\n')
    rmSync(snapPath)
    expect(runTests('new', 1, ['a'])).toHaveProperty('a')
  })

  test('prune makes way for new ones', () => {
    runTests('new', 1)
    rmSync(snapPath)
    pruneSnapshots(folder)
    expect(runTests('new', 2)).toEqual({})
    expect(tensors()).toHaveLength(2)
  })
})

describe('what is no damage', () => {
  test('conflict markers, backticks and file names within a text', () => {
    const run = startRun(folder, 'new')
    run.text('text', '<<<<<<< HEAD\n`\n=======\n${x} \\` \\\\\n>>>>>>> theirs\nlost-1-0123456789ab.safetensors')
    run.assert('odd `${name}` \\ 1\n', model(1))
    run.finish()
    writeFileSync(snapPath, snap().replaceAll('\n', '\r\n'))
    const again = startRun(folder, 'none')
    expect(again.assert('odd `${name}` \\ 1\n', model(1))).toBeUndefined()
  })

  test('a tensor that became a text, before the first tensor of the file', () => {
    runTests('new', 1)
    const run = startRun(folder, 'all')
    run.text('a', 'now a text')
    expect(run.assert('b', model(1))).toBeUndefined()
    run.finish()
    expect(tensors()).toEqual([expect.stringMatching(/^b-1-/)])
  })

  test('a test that was removed, and one that was renamed', () => {
    runTests('new', 1, ['a', 'b', 'c'])
    expect(runTests('new', 1, ['a', 'renamed'])).toEqual({})
    expect(tensors()).toHaveLength(4)
    expect(runTests('all', 1, ['a', 'renamed'])).toEqual({})
    expect(tensors()).toHaveLength(2)
    expect(runTests('new', 2, ['b'])).toEqual({})
  })

  test('tensors of another test, whose names begin alike', () => {
    const long = 'x'.repeat(80)
    runTests('new', 1, [`${long} 1`, 'A'])
    rmSync(snapPath)
    expect(runTests('new', 2, [`${long} 2`, 'a'])).toEqual({})
  })

  test('a merge that took one side: the file of the other lies about', () => {
    runTests('new', 1)
    const ours = snap()
    runTests('all', 2)
    const theirs = basename(storedFile(folder, 'a 1'))
    const bytes = readFileSync(join(folder, 'x.tensors', theirs))
    rmSync(join(folder, 'x.tensors'), { recursive: true })
    rmSync(snapPath)
    runTests('new', 1)
    expect(snap()).toBe(ours)
    writeFileSync(join(folder, 'x.tensors', theirs), bytes)
    expect(runTests('none', 1)).toEqual({})
    expect(runTests('all', 3)).toEqual({})
    expect(pruneSnapshots(folder).removed).toEqual([join(folder, 'x.tensors', theirs)])
  })

  test('another attempt of a test, with another tensor', () => {
    const run = startRun(folder, 'new')
    run.assert('a', model(1))
    const attempt = startRun(folder, 'new')
    attempt.assert('b', model(1))
    expect(run.assert('a', model(2))).toBeUndefined()
  })
})

describe('-u that cannot write', () => {
  test('keeps what the test has stored, the snapshots that it did not come to as well', () => {
    runTests('new', 1)
    const run = startRun(folder, 'new')
    run.assert('two', model(1))
    run.assert('two', model(2))
    run.finish()
    const before = [snap(), tensors()]
    const failing = startRun(folder, 'all')
    expect(() => failing.assert('two', model(1), { atol: -1 })).toThrow(/atol/)
    for (const name of ['a', 'b']) failing.assert(name, model(1))
    failing.text('0 text', 'one\ntwo')
    failing.text('z text', 'three')
    failing.finish()
    expect([snap(), tensors()]).toEqual(before)
  })

  test('a runner that leaves a part of the .snap: the old one is restored, and its tensors are there', () => {
    runTests('new', 1)
    const before = [snap(), tensors()]
    const run = startRun(folder, 'all', (path, text) => {
      writeFileSync(path, text.slice(0, 100))
      throw new Error('ENOSPC: no space left on device, write')
    })
    run.text('0 text', 'one\ntwo')
    for (const name of ['a', 'b']) run.assert(name, model(2))
    expect(() => run.finish()).toThrow('ENOSPC')
    expect(snap()).toBe(before[0])
    expect(tensors()).toEqual(expect.arrayContaining(before[1] as string[]))
    expect(runTests('none', 1)).toEqual({})
  })

  test('a file that cannot be removed is a warning', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    runTests('new', 1)
    const old = storedFile(folder, 'a 1')
    // a folder in its place cannot be removed as a file is
    rmSync(old)
    const run = startRun(folder, 'all')
    run.assert('a', model(2))
    run.assert('b', model(1))
    mkdirSync(old)
    run.finish()
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      expect.stringMatching(`no snapshot needs ${old} any more, but it cannot`),
    )
    rmSync(old, { recursive: true })
    expect(runTests('none', 2, ['a'])).toEqual({})
  })
})
