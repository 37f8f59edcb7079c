// What loadLitert says before LiteRT is needed. The runs themselves are in test/runtimes.
import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { type LoadLitertOptions, loadLitert } from '../../../src/runners/litert/index.ts'
import { chain, litertModel } from './litert-model.ts'

const model = litertModel(chain)

const isInstalled = (name: string): boolean => {
  try {
    return createRequire(import.meta.url).resolve(name) !== ''
  } catch {
    return false
  }
}

describe('loadLitert refuses', () => {
  test.each([
    [{ engine: 'tpu' }, `engine must be one of 'web', 'python', got "tpu"`],
    [{ kernels: 'fast' }, `kernels must be one of 'xnnpack', 'builtin', 'reference', got "fast"`],
    [{ engine: 'web', kernels: 'reference' }, "LiteRT.js has no kernels 'reference'; the engine 'python' has"],
  ])('%j', async (options, message) => {
    await expect(loadLitert(model, options as LoadLitertOptions)).rejects.toThrow(message)
  })

  test('a Python that is not there', async () => {
    await expect(loadLitert(model, { engine: 'python', python: 'no-such-python' })).rejects.toThrow(
      'loadLitert: found no Python that has LiteRT',
    )
  })

  test.skipIf(isInstalled('@litertjs/core'))('to run without LiteRT.js, and says what to install', async () => {
    await expect(loadLitert(model, { engine: 'web' })).rejects.toThrow('npm install --save-dev @litertjs/core')
  })
})
