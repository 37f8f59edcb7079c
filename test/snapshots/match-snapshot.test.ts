// Snapshot assertions against a runner reduced to its snapshots: what is stored, compared, replaced, and refused.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { decodeSafetensors } from '../../src/files/safetensors.ts'
import { type LoadNcnnOptions, loadNcnn } from '../../src/runners/ncnn/index.ts'
import type { SnapshotOptions } from '../../src/snapshots/options.ts'
import type { UpdateMode } from '../../src/snapshots/runner-state.ts'
import { tensor } from '../../src/tensor/to-tensor.ts'
import { startRun, storedFile } from './fake-runner.ts'
import '../../src/vitest.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'expect-tensor-snapshots-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
  vi.restoreAllMocks()
})

/** A run with one assertion, in a test called `test`. */
function once(mode: UpdateMode, actual: unknown, options?: SnapshotOptions, name = 'test'): string | undefined {
  const run = startRun(folder, mode)
  const message = run.assert(name, actual, options)
  run.finish()
  return message
}

const snap = () => readFileSync(join(folder, 'x.snap'), 'utf8')
const files = () => (existsSync(join(folder, 'x.tensors')) ? readdirSync(join(folder, 'x.tensors')) : [])
const embedding = tensor(Float32Array.of(3, -4, 0, 0), [2, 2])

describe('what is stored', () => {
  test('a descriptor for people, and the tensor for machines', () => {
    once('new', embedding, { atol: 1e-4, metadata: { engine: 'wasm' } })
    const [file = ''] = files()
    expect(file).toMatch(/^test-1-[0-9a-f]{12}\.safetensors$/)
    const sha256 = /"sha256": "([0-9a-f]{64})"/.exec(snap())?.[1] ?? ''
    expect(snap().replaceAll(sha256, '<sha256>').replace(file, '<file>')).toMatchInlineSnapshot(`
      "// Snapshot v1

      exports[\`test 1\`] = \`
      TensorSnapshot {
        "dtype": "float32",
        "shape": "[2, 2]",
        "norm": 5,
        "min": -4,
        "max": 3,
        "file": "x.tensors/<file>",
        "sha256": "<sha256>"
      }
      \`;
      "
    `)
    const { tensors, metadata } = decodeSafetensors(readFileSync(join(folder, 'x.tensors', file)))
    expect(tensors).toEqual({ tensor: embedding })
    expect(metadata).toEqual({
      'expect-tensor': expect.stringMatching(/^\d+\.\d+\.\d+/),
      test: 'test 1',
      contents: 'tensor',
      storage: 'full',
      options: '{"atol":0.0001}',
      engine: 'wasm',
    })
  })

  describe('of what a model computed', () => {
    const diamond = '7767517\n2 2\nInput in 0 1 x\nReLU relu 1 1 x y 0=0.5'
    const run = async (options?: LoadNcnnOptions) => {
      using model = await loadNcnn({ param: diamond, bin: new Uint8Array(0) }, options)
      return model.run({ x: [-1, 2] }, { outputs: 'all' })
    }
    const metadataOf = (name: string) => decodeSafetensors(readFileSync(storedFile(folder, `${name} 1`))).metadata

    test('names the engine and its options', async () => {
      const { y } = await run({ ncnn: { useBf16Storage: true } })
      once('new', y)
      const engine = {
        engine: 'wasm',
        engineVersion: expect.stringContaining('expect-tensor'),
        engineOptions: '{"useBf16Storage":true}',
      }
      expect(metadataOf('test')).toMatchObject(engine)
      once('new', y, { storage: 'fingerprint', metadata: { engine: 'mine' } }, 'fingerprint')
      expect(metadataOf('fingerprint')).toMatchObject({ ...engine, engine: 'mine' })
    })

    test('names several engines, and none for what was fed or comes from elsewhere', async () => {
      const [single, double] = [await run(), await run({ precision: 'float64', batched: false })]
      once('new', { single: single.y, double: double.y, other: embedding })
      expect(metadataOf('test')).toMatchObject({ engine: 'wasm; wasm', engineOptions: '{}; {"precision":"float64"}' })
      once('new', single.x, {}, 'fed')
      expect(metadataOf('fed')).not.toHaveProperty('engine')
    })
  })

  test('a record is one snapshot', () => {
    const outputs = { out0: embedding, 'out/1': tensor(BigInt64Array.of(7n)), __proto__: undefined }
    once('new', outputs)
    expect(files()).toHaveLength(1)
    expect(snap()).toMatch(/"tensors": {\s+"out0": {\s+"dtype": "float32",/)
    expect(once('none', outputs)).toBeUndefined()
    expect(once('none', { out0: embedding })).toMatch(/1 of 2 tensors\n\n {2}out\/1 {2}missing/)
    expect(once('none', { ...outputs, more: 1 })).toMatch(/1 of 3 tensors\n\n {2}more {2}not in the snapshot/)
    expect(once('none', { ...outputs, out0: tensor(Float32Array.of(3, -4, 0, 1), [2, 2]) })).toMatch(
      /out0 {2}1 of 4 elements \(25%\) exceeds the tolerance/,
    )
  })

  test('non-finite elements are counted in the descriptor', () => {
    once('new', Float64Array.of(1, Number.NaN, Infinity, Infinity), { equalNaN: true })
    expect(snap()).toMatch(/"nonFinite": "1 NaN, 2 Infinity"/)
    expect(once('none', Float64Array.of(1, Number.NaN, Infinity, Infinity), { equalNaN: true })).toBeUndefined()
  })

  test('huge and empty tensors have descriptors', () => {
    expect(once('new', Float64Array.of(1e200, 1e200))).toBeUndefined()
    expect(snap()).toMatch(/"norm": 1.41421e\+200/)
    expect(once('new', new Float32Array(0), {}, 'empty')).toBeUndefined()
    expect(once('none', new Float32Array(0), {}, 'empty')).toBeUndefined()
  })
})

describe('later runs', () => {
  test('drift within tolerance is not adopted, step by step', () => {
    vi.spyOn(console, 'log').mockImplementation(() => {})
    once('new', Float32Array.of(1))
    const [before] = files()
    for (const mode of ['none', 'new', 'all'] as const) {
      expect(once(mode, Float32Array.of(1.00009), { atol: 1e-4 })).toBeUndefined()
      expect(files()).toEqual([before])
    }
    expect(once('all', Float32Array.of(1.00009), { atol: 1e-5 })).toBeUndefined()
    expect(files()).not.toEqual([before])
  })

  test('a change fails with the numbers, the file and the way on', () => {
    once('new', embedding)
    const message = once('new', tensor(Float32Array.of(3, -4, 0, 0.5), [2, 2])) ?? ''
    expect(message).toMatch(
      /^The tensor snapshot "test 1" does not match: 1 of 4 elements \(25%\) exceeds the tolerance/,
    )
    expect(message).toContain(storedFile(folder, 'test 1').slice(-20))
    expect(message).toMatch(/if intended run the tests with -u, and commit what it changes/)
    expect(message.split('\n').length).toBeLessThanOrEqual(25)
  })

  test('an update prints new against old and leaves only the new file', () => {
    const print = vi.spyOn(console, 'log').mockImplementation(() => {})
    once('new', embedding)
    const [before] = files()
    once('all', tensor(Float32Array.of(3, -4, 0, 0.5), [2, 2]))
    expect(print.mock.calls).toEqual([
      [
        'expect-tensor: snapshot "test 1" updated, new against old: cosine 0.9950372, max error 0.5 at [1, 1], 1 of 4 elements (25%) beyond the tolerance',
      ],
    ])
    expect(files()).toHaveLength(1)
    expect(files()).not.toEqual([before])
    once('all', tensor(Float32Array.of(3, -4, 0, 0.5)))
    expect(print).toHaveBeenLastCalledWith(expect.stringMatching(/new against old: \[2, 2\] became \[4\]$/))
    once('all', { out0: 1 })
    expect(print).toHaveBeenLastCalledWith(
      expect.stringMatching(/a single tensor is stored, but a record of tensors was given/),
    )
    once('all', { out0: 2, out1: 3 })
    expect(print).toHaveBeenLastCalledWith(
      expect.stringMatching(/new against old:\n {2}out0: cosine 1, max error 1 .*\n {2}out1: added$/),
    )
  })

  test('without a stored snapshot nothing is written in CI', () => {
    expect(once('none', embedding)).toMatch(/^No tensor snapshot is stored for "test 1", and none is written now/)
    expect(files()).toEqual([])
  })

  test('several snapshots of one test, with and without a hint', () => {
    const run = startRun(folder, 'new')
    run.assert('test', 1)
    run.assert('test', 2)
    run.finish()
    expect(files()).toHaveLength(2)
    const again = startRun(folder, 'none')
    expect(again.assert('test', 1)).toBeUndefined()
    expect(again.assert('test', 1)).toMatch(/"test 2" does not match/)
  })

  test('a snapshot that was renamed together with its .snap is found', () => {
    once('new', embedding)
    writeFileSync(join(folder, 'x.snap'), snap().replace('x.tensors/', 'as-it-was-called.tensors/'))
    expect(once('none', embedding)).toBeUndefined()
  })
})

describe('names', () => {
  const names = [
    'a/b\\c:d*?"<>|',
    '../../escape',
    'Case',
    'case',
    'CON',
    '.',
    'voix âgée',
    '声紋',
    '😀 emoji `backtick` $' + '{x} \\',
    'two\nlines "quoted"',
    'x'.repeat(500),
    `${'x'.repeat(500)}y`,
    '😀'.repeat(250),
    '',
  ]

  test('every name has a file of its own that every file system takes', () => {
    const run = startRun(folder, 'new')
    names.forEach((name, i) => {
      expect(run.assert(name, i)).toBeUndefined()
    })
    run.finish()
    expect(new Set(files().map((name) => name.toLowerCase())).size).toBe(names.length)
    for (const name of files()) expect(name).toMatch(/^[a-z0-9-]{1,73}\.safetensors$/)
    expect(readdirSync(folder).sort()).toEqual(['x.snap', 'x.tensors'])
    const again = startRun(folder, 'none')
    names.forEach((name, i) => {
      expect(again.assert(name, i)).toBeUndefined()
    })
  })
})

describe('a file that is not what was stored', () => {
  const damage: Record<string, [(path: string) => void, RegExp]> = {
    missing: [(path) => rmSync(path), /the file is missing/],
    'cut off': [(path) => truncateSync(path, 40), /the file is damaged or not the one that was stored/],
    'with another bit': [
      (path) => {
        const bytes = readFileSync(path)
        bytes[bytes.length - 1] ^= 1
        writeFileSync(path, bytes)
      },
      /its SHA-256 is not that in the \.snap/,
    ],
    'a Git LFS pointer': [
      (path) => writeFileSync(path, 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12345\n'),
      /is a Git LFS pointer of \d+ bytes; .*run "git lfs pull"/,
    ],
  }

  test.each(Object.keys(damage))('%s: an error that names it and says how to restore it', (kind) => {
    const [apply = () => {}, problem = /^$/] = damage[kind] ?? []
    vi.spyOn(console, 'log').mockImplementation(() => {})
    once('new', embedding)
    const path = storedFile(folder, 'test 1')
    apply(path)
    for (const mode of ['none', 'new'] as const) {
      const message = once(mode, embedding)
      expect(message).toMatch(problem)
      expect(message).toContain(`git checkout -- "${path}"`)
    }
    expect(once('all', embedding)).toBeUndefined()
    expect(once('none', embedding)).toBeUndefined()
    expect(files()).toHaveLength(1)
  })

  test('a .snap entry of another matcher', () => {
    writeFileSync(join(folder, 'x.snap'), 'exports[`test 1`] = `"text"`;\n')
    expect(once('new', embedding)).toMatch(/what the \.snap has under this name does not describe tensors/)
  })
})

describe('storage', () => {
  const large = tensor(
    Float32Array.from({ length: 100_000 }, (_, i) => Math.sin(i)),
    [4, 25_000],
  )
  const edited = (gain: number) =>
    tensor(
      (large.data as Float32Array).map((value) => value * gain),
      large.shape,
    )

  test('a fingerprint takes a few kilobytes and tells a drift of 1e-4', () => {
    expect(once('new', large, { storage: 'fingerprint' })).toBeUndefined()
    expect(readFileSync(storedFile(folder, 'test 1')).length).toBeLessThan(8192)
    expect(snap()).toMatch(/"storage": "fingerprint"/)
    expect(once('none', large, { storage: 'fingerprint' })).toBeUndefined()
    const message = once('none', edited(1.0001), { storage: 'fingerprint' })
    expect(message).toMatch(
      /does not match: the tensor as a whole: a relative change of about (9|1)\S*e-[45], \S+ allowed/,
    )
    expect(message).toMatch(/estimated {3}\|actual - stored\| \/ \|stored\| \S+, cosine 1/)
    expect(once('none', edited(1.0001), { storage: 'fingerprint', rtol: 2e-4 })).toBeUndefined()
  })

  test('small tensors of a record are kept in full', () => {
    const outputs = { large, small: embedding, 'sketch/large': 1 }
    once('new', outputs, { storage: 'fingerprint' })
    expect(once('none', outputs, { storage: 'fingerprint' })).toBeUndefined()
    expect(once('none', { ...outputs, small: tensor(Float32Array.of(3, -4, 0, 9), [2, 2]) })).toMatch(
      /small {2}1 of 4 elements/,
    )
  })

  test('another storage takes effect with -u only', () => {
    vi.spyOn(console, 'log').mockImplementation(() => {})
    once('new', large)
    const [before] = files()
    expect(once('none', large, { storage: 'fingerprint' })).toBeUndefined()
    expect(files()).toEqual([before])
    once('all', large, { storage: 'fingerprint' })
    expect(files()).not.toEqual([before])
    expect(readFileSync(storedFile(folder, 'test 1')).length).toBeLessThan(8192)
  })
})

describe('refused', () => {
  test.each([
    [{ atoll: 1 }, /unknown option 'atoll' \(did you mean 'atol'\?\)/],
    [{ storag: 'full' }, /unknown option 'storag' \(did you mean 'storage'\?\)/],
    [{ storage: 'half' }, /storage must be 'full' or 'fingerprint', got the string "half"/],
    [{ storage: 'fingerprint', normalize: 'l2' }, /a fingerprint cannot be judged by normalize: use atol, rtol/],
    [{ storage: 'fingerprint', metrics: { cosine: 1 } }, /a fingerprint cannot be judged by metrics/],
    [{ metadata: { engine: 1 } }, /metadata\.engine must be a string, got the number 1/],
    [{ metadata: { test: 'x' } }, /metadata\.test is written by the snapshot itself/],
    [{ storage: 'fingerprint', metadata: { fingerprints: 'x' } }, /metadata\.fingerprints is written by the snapshot/],
    [{ metadata: 'x' }, /metadata must be an object of strings/],
  ])('%j', (options, message) => {
    expect(() => once('new', embedding, options as unknown as SnapshotOptions)).toThrow(message)
    expect(files()).toEqual([])
  })

  test('what is no tensor', () => {
    expect(() => once('new', 'text')).toThrow(/actual must be a tensor/)
    expect(() => once('new', { out0: 'text' })).toThrow(/out0 must be a tensor/)
    expect(() => once('new', Promise.resolve(1))).toThrow(/actual is a Promise: await it first/)
  })

  test('what would not even match itself', () => {
    expect(() => once('new', Float32Array.of(Number.NaN))).toThrow(
      'the tensor cannot become a snapshot, because it does not even match itself: it has NaN, which equal nothing without equalNaN',
    )
    expect(() => once('new', new Float32Array(5000).fill(Number.NaN), { storage: 'fingerprint' })).toThrow(/it has NaN/)
    expect(() => once('new', tensor(new Float32Array(6), [1, 2, 3, 1]), { layout: 'nhwc->nchw' })).toThrow(
      /cannot become a snapshot/,
    )
    once('new', embedding)
    expect(() => once('all', tensor(Float32Array.of(1, 2, 3, Number.NaN), [2, 2]))).toThrow(/it has NaN/)
    expect(once('none', embedding)).toBeUndefined()
  })

  test('.not, expect.poll, test.fails, and use outside of a test', async () => {
    expect(() => expect(embedding).not.toMatchTensorSnapshot()).toThrow(
      'toMatchTensorSnapshot cannot be used with .not: a snapshot says what a tensor is, not what it is not',
    )
    await expect(expect.poll(() => embedding, { interval: 1, timeout: 20 }).toMatchTensorSnapshot()).rejects.toThrow(
      /cannot be used with expect\.poll/,
    )
    const { toMatchTensorSnapshot } = await import('../../src/matchers/to-match-tensor-snapshot.ts')
    const call = (context: object) => () => toMatchTensorSnapshot.call(context, embedding)
    expect(call({ task: { id: '', fails: true } })).toThrow(/cannot be used with test\.fails/)
    expect(call({ testFailing: true })).toThrow(/cannot be used with test\.failing/)
    expect(call({})).toThrow(/works within a test of Vitest or Jest/)
    // Jest's beforeAll: there is a state, and no test whose snapshot it could be
    expect(call({ snapshotState: {} })).toThrow(
      /works within a test: here, in a hook such as beforeAll, none is running/,
    )
  })

  test('a hint that is no string', () => {
    expect(() => expect(embedding).toMatchTensorSnapshot(1 as unknown as string, { atol: 1 })).toThrow(
      /the hint must be a string, got the number 1/,
    )
  })
})

test.each([
  ['a tensor', (view: Float32Array) => ({ data: view, shape: [4], dtype: 'float32' })],
  ['a record of tensors', (view: Float32Array) => ({ kept: [1, 2], lost: view })],
])('an array whose memory is gone is refused, and what is stored stays: %s', (_, wrap) => {
  const view = Float32Array.of(1, 2, 3, 4)
  once('new', wrap(view))
  const before = [snap(), files()]
  structuredClone(view.buffer, { transfer: [view.buffer] })
  for (const mode of ['new', 'all', 'none'] as const) {
    expect(() => once(mode, wrap(view))).toThrow(/its memory was detached .*slice\(\)/)
    expect([snap(), files()]).toEqual(before)
  }
})
