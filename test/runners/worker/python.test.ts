// What goes wrong when a Python is started: what it prints, what lies in the working directory, and what is said when it crashes.
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadNcnn, pythonEngine } from '../../../src/runners/ncnn/index.ts'

function hasPython(): boolean {
  try {
    execFileSync('python3', ['--version'])
    return process.platform !== 'win32'
  } catch {
    return false
  }
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'expect-tensor-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A program that is taken for a Python. */
function fakePython(...lines: string[]): string {
  const path = join(folder, 'python')
  writeFileSync(path, ['#!/bin/sh', ...lines, ''].join('\n'))
  chmodSync(path, 0o755)
  return path
}

const model = { param: '7767517\n2 2\nInput in 0 1 x\nReLU r 1 1 x y', bin: new Uint8Array(0) }
const load = (python: string) => loadNcnn(model, { engine: pythonEngine({ python }) })

describe.runIf(hasPython())('the program for Python', () => {
  test('imports nothing from the working directory', async () => {
    const witness = join(folder, 'imported')
    for (const name of ['ast', 'ctypes', 'io', 'json', 'ncnn', 'numpy', 'os', 're', 'tempfile', 'types', 'zipfile']) {
      writeFileSync(join(folder, `${name}.py`), `open(${JSON.stringify(witness)}, 'a').write('${name} ')\n`)
    }
    const python = fakePython(`cd '${folder}'`, 'exec python3 "$@"')
    const outcome = await load(python).then(
      (loaded) => loaded.close(),
      (error: Error) => error.message,
    )
    expect(existsSync(witness)).toBe(false)
    // with the wheel it loads; without it, that is what is said
    if (outcome !== undefined) expect(outcome).toContain("ModuleNotFoundError: No module named 'ncnn'")
  })

  /** A Python with these modules. */
  const withModules = (modules: Record<string, string>): string => {
    for (const [name, source] of Object.entries(modules)) writeFileSync(join(folder, `${name}.py`), source)
    return fakePython(`export PYTHONPATH='${folder}'`, 'exec python3 "$@"')
  }

  test('says that a module ncnn is another', async () => {
    await expect(load(withModules({ ncnn: '', numpy: '' }))).rejects.toMatchObject({
      code: 'missing-dependency',
      message: expect.stringMatching(
        /without it \(ImportError: there is a module ncnn, but it is not that of the wheel\)/,
      ),
    })
  })

  test('loads models into wheels of 2021, which take files only', async () => {
    const ncnn = `
class Options:
    use_vulkan_compute = False

class Net:
    opt = Options()
    def load_param(self, path):
        return 0 if 'ReLU' in open(path).read() else -1
    def load_model(self, path):
        return 0

class Mat:
    pass
`
    const loaded = await load(withModules({ ncnn, numpy: '' }))
    expect(loaded.runtime.name).toBe('python')
    loaded.close()
  })

  test('is understood, whatever its interpreter printed before', async () => {
    const python = fakePython('echo "Activating the environment"', 'exec python3 "$@"')
    const outcome = await load(python).then(
      (loaded) => loaded.close(),
      (error: Error) => error.message,
    )
    if (outcome !== undefined) expect(outcome).toContain("ModuleNotFoundError: No module named 'ncnn'")
  })
})

describe.skipIf(process.platform === 'win32')('an interpreter', () => {
  test('that crashes is not said to lack the package', async () => {
    const error: unknown = await load(fakePython('echo "out of luck" >&2', 'kill -KILL $$')).catch((error) => error)
    expect(error).toMatchObject({
      code: 'crashed',
      message: expect.stringMatching(
        /^loadNcnn: no Python could be started:\n {2}.*crashed with SIGKILL while it started\n {2}out of luck\nNeeded is a Python 3 that has the ncnn wheel\. Another/,
      ),
    })
    expect((error as Error).message).not.toContain('install')
  })

  test('that is missing is looked for again the next time', async () => {
    const python = join(folder, 'python')
    await expect(load(python)).rejects.toMatchObject({ code: 'missing-dependency' })
    fakePython('echo "I am here" >&2', 'exit 3')
    await expect(load(python)).rejects.toThrow('I am here')
  })
})
