// The real ncnn as a shared library, called through its C API.

import { checkOptionNames, type OptionsOf } from '../../../../arguments/options.ts'
import { nodeModule } from '../../../../host/node-modules.ts'
import { callerOf } from '../../../check-arguments.ts'
import { createWorker, type Worker } from '../../../worker/process.ts'
import { NcnnError } from '../../error.ts'
import type { NcnnEngine } from '../../options.ts'
import { openNet } from '../c-api/session.ts'
import { loadRealModel } from '../real/model.ts'
import type { NcnnSession, RawModel } from '../real/session.ts'
import { openSession } from '../real/worker-session.ts'
import { workerSource } from './generated/worker.ts'
import { findKoffi, loadLibrary } from './koffi.ts'
import { libraryNames } from './library-names.ts'

export interface NativeEngineOptions {
  /**
   * Path or name of the library. Default: the environment variable `NCNN_LIBRARY`; without it the platform's usual names, and Homebrew's
   * folder.
   */
  readonly library?: string
  /**
   * Run ncnn in a process of its own, which all models of one library share, so that a crash of ncnn fails one run and not the test run.
   * `false` saves copying tensors between processes. Default `true`.
   */
  readonly isolate?: boolean
  /** How long ncnn may take to load the model, and for each run in a process of its own, in milliseconds. Default 600 000: ten minutes. */
  readonly timeout?: number
}

const nativeEngineOptions = {
  library: 'string',
  isolate: 'boolean',
  timeout: 'number',
} as const satisfies OptionsOf<NativeEngineOptions>

/**
 * Runs models with a shared library of ncnn's. Needs the package `koffi` (`npm install -D koffi`).
 *
 * @example loadNcnn('voiceprint.ncnn.param', { engine: nativeEngine({ library: '/opt/ncnn/lib/libncnn.so' }) })
 */
export function nativeEngine(options: NativeEngineOptions = {}): NcnnEngine {
  checkOptionNames(options, nativeEngineOptions, callerOf('nativeEngine', NcnnError))
  const { library, isolate = true, timeout } = options
  return {
    name: 'native',
    async version() {
      const { koffi, candidates } = whatToLoad(library)
      if (isolate) return `ncnn ${(await workerOf(koffi, candidates).greet()).version}`
      return `ncnn ${libraryOf(koffi, candidates).ncnn.ncnn_version()}`
    },
    load: (network, settings) =>
      loadRealModel('native', network, settings, async (model) => {
        const { koffi, candidates } = whatToLoad(library)
        return isolate
          ? openSession(workerOf(koffi, candidates), model, { timeout })
          : openHere(koffi, candidates, model)
      }),
  }
}

/** Where koffi is, and the libraries to try. */
function whatToLoad(library: string | undefined): { koffi: string; candidates: readonly string[] } {
  const project = nodeModule('node:path').join(process.cwd(), 'package.json')
  return { koffi: findKoffi([project, import.meta.url]), candidates: libraryNames(library) }
}

/** By the libraries to try. */
const workers = new Map<string, Worker>()

function workerOf(koffi: string, candidates: readonly string[]): Worker {
  const key = candidates.join('\n')
  const known = workers.get(key)
  if (known !== undefined) return known
  const { NODE_OPTIONS: _, ...env } = process.env
  const worker = createWorker({
    what: 'the process that runs ncnn',
    command: process.execPath,
    args: ['--input-type=commonjs', '-e', workerSource, JSON.stringify({ koffi, candidates })],
    env,
    answersOn: 3,
    Failure: NcnnError,
  })
  workers.set(key, worker)
  return worker
}

/** By the libraries to try. */
const libraries = new Map<string, ReturnType<typeof loadLibrary>>()

function libraryOf(koffi: string, candidates: readonly string[]): ReturnType<typeof loadLibrary> {
  const key = candidates.join('\n')
  const library = libraries.get(key) ?? loadLibrary(koffi, candidates)
  libraries.set(key, library)
  return library
}

function openHere(koffi: string, candidates: readonly string[], model: RawModel): NcnnSession {
  const session = openNet(libraryOf(koffi, candidates), model)
  return {
    run: async (steps, onBlob) => session.run(steps, onBlob),
    close: () => session.close(),
    device: session.device,
    batches: session.batches,
  }
}
