// Opens the TensorFlow.js that is installed: core with a backend, or tfjs-node.
import { createRequire } from 'node:module'
import util from 'node:util'
import { vi } from 'vitest'
import type { TfNamespace } from '../../src/runners/tfjs/index.ts'
import { hasPackages } from './present.ts'

const require = createRequire(import.meta.url)

type Backend = '@tensorflow/tfjs-backend-cpu' | '@tensorflow/tfjs-backend-wasm'

export const hasTfjs = (backend: Backend): boolean =>
  hasPackages('@tensorflow/tfjs-core', '@tensorflow/tfjs-converter', '@tensorflow/tfjs-layers', backend)

export const hasTfjsNode = hasPackages('@tensorflow/tfjs-node')

export function openTfjs(backend: Backend): TfNamespace {
  // It recommends tfjs-node.
  vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  const core = require('@tensorflow/tfjs-core')
  require(backend)
  return { ...core, ...require('@tensorflow/tfjs-converter'), ...require('@tensorflow/tfjs-layers') }
}

export function openTfjsNode(): TfNamespace {
  const removed: Partial<typeof util> = util
  removed.isNullOrUndefined ??= (value) => value === null || value === undefined
  removed.isArray ??= Array.isArray
  return require('@tensorflow/tfjs-node')
}
