// What loadTorch says before PyTorch is needed, and where there is none. The runs themselves are in test/runtimes.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { loadTorch, TorchError } from '../../../src/runners/torch/index.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'expect-tensor-'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

const write = async (name: string, content: string): Promise<string> => {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

describe('loadTorch refuses', () => {
  test('a file that is not there', async () => {
    await expect(loadTorch(join(folder, 'model.pt'))).rejects.toThrow(/cannot read .*model\.pt \(the model\)/)
  })

  test('a Git LFS pointer', async () => {
    const path = await write('model.pt', 'version https://git-lfs.github.com/spec/v1\n')
    await expect(loadTorch(path)).rejects.toThrow('is a Git LFS pointer')
  })

  test('a state that there is not', async () => {
    await expect(loadTorch('model.pt', { state: 'testing' as 'eval' })).rejects.toThrow(
      `loadTorch: state must be 'eval' or 'train', got the string "testing"`,
    )
  })

  test('a .py that pnnx did not write', async () => {
    const path = await write('train.py', 'class Network: pass')
    await expect(loadTorch(path)).rejects.toThrow(`${path} is no file that pnnx writes (*_pnnx.py)`)
  })

  test('a .py without its weights', async () => {
    const path = await write('m_pnnx.py', "class Model:\n  archive = zipfile.ZipFile('C:\\\\build\\\\m.pnnx.bin', 'r')")
    await expect(loadTorch(path)).rejects.toThrow(
      new RegExp(`cannot read ${join(folder, 'm.pnnx.bin')} \\(weights of ${path}\\)`),
    )
  })
})

describe('without PyTorch', () => {
  test('says which interpreter it tried, and what to install', async () => {
    const path = await write('model.pt', 'anything')
    const error = await loadTorch(path, { python: 'no-such-python' }).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(TorchError)
    expect((error as Error).message).toMatch(
      /^loadTorch: found no Python that has PyTorch:\n {2}no-such-python: .*ENOENT\nInstall it with: python3 -m pip install torch\nIf another interpreter has it, name that: loadTorch\(path, \{ python: '\.venv\/bin\/python' \}\) or EXPECT_TENSOR_PYTHON$/,
    )
  })

  test('takes the interpreter that the environment names', async () => {
    vi.stubEnv('EXPECT_TENSOR_PYTHON', 'another-python')
    const path = await write('model.pt', 'anything')
    await expect(loadTorch(path)).rejects.toThrow('another-python: ')
  })
})
