// The real ncnn as a WebAssembly module that Emscripten made, called through its C API.
import { NcnnError } from '../../error.ts'
import type { NcnnEngine } from '../../options.ts'
import type { NcnnLibrary } from '../c-api/functions.ts'
import { openNet } from '../c-api/session.ts'
import { loadRealModel } from '../real/model.ts'
import type { NcnnSession } from '../real/session.ts'
import { bindModule, type EmscriptenModule, shorten } from './module.ts'

export type { EmscriptenModule } from './module.ts'

/** What `-sMODULARIZE` exports; the options say where output goes, and are the user's to complete (`wasmBinary`). */
export type EmscriptenFactory = (options: {
  readonly print: (text: string) => void
  readonly printErr: (text: string) => void
}) => EmscriptenModule | Promise<EmscriptenModule>

/**
 * Runs models with a build of ncnn by Emscripten that exports ncnn's C API: the one that ships to browsers, for instance. Given a factory,
 * the engine makes one instance, for all models that it loads, and quotes in its errors what ncnn prints.
 *
 * @example
 * import factory from './ncnn.mjs'
 * const wasmBinary = readFileSync('ncnn.wasm')
 * const engine = emscriptenEngine((options) => factory({ ...options, wasmBinary }))
 */
export function emscriptenEngine(source: EmscriptenFactory | EmscriptenModule | Promise<EmscriptenModule>): NcnnEngine {
  const printed: string[] = []
  let library: Promise<NcnnLibrary> | undefined
  const getLibrary = (): Promise<NcnnLibrary> => {
    library ??= instantiate(source, printed)
    return library
  }
  const quoting = <Result>(work: () => Result): Result => {
    printed.length = 0
    try {
      return work()
    } catch (error) {
      if (!(error instanceof NcnnError) || printed.length === 0) throw error
      throw new NcnnError([error.message, ...printed.slice(-10).map((line) => `  ${line}`)].join('\n'), {
        code: error.code,
        cause: error,
      })
    }
  }
  return {
    name: 'emscripten',
    version: async () => `ncnn ${(await getLibrary()).ncnn.ncnn_version()}`,
    load: (network, options) =>
      loadRealModel('emscripten', network, options, async (model) => {
        const instance = await getLibrary()
        const session = quoting(() => openNet(instance, model))
        const run: NcnnSession['run'] = async (steps, onBlob) => quoting(() => session.run(steps, onBlob))
        return { run, close: () => session.close(), batches: session.batches }
      }),
  }
}

async function instantiate(
  source: EmscriptenFactory | EmscriptenModule | Promise<EmscriptenModule>,
  printed: string[],
): Promise<NcnnLibrary> {
  const print = (text: string): void => {
    printed.push(text)
  }
  const restoreListeners = rememberListeners()
  try {
    const module = await (typeof source === 'function' ? source({ print, printErr: print }) : source)
    return bindModule(module)
  } catch (error) {
    if (error instanceof NcnnError) throw error
    const reason = shorten(error)
    // Older glue uses fetch where there is one, though it has a path and no address.
    const advice = /\bURL\b|fetch/.test(reason)
      ? '. Hand its .wasm over: emscriptenEngine((options) => factory({ ...options, wasmBinary: readFileSync(path) }))'
      : ''
    throw new NcnnError(`emscriptenEngine: the module cannot be instantiated: ${reason}${advice}`, {
      code: 'missing-dependency',
      cause: error,
    })
  } finally {
    restoreListeners()
  }
}

/**
 * Emscripten's glue makes uncaught errors its own: its listeners rethrow what a test runner wants to report.
 * @returns removes the listeners that came since
 */
function rememberListeners(): () => void {
  const events = ['uncaughtException', 'unhandledRejection'] as const
  const before = events.map((event) => process.listeners(event as 'uncaughtException'))
  return () => {
    for (const [i, event] of events.entries()) {
      for (const listener of process.listeners(event as 'uncaughtException')) {
        if (!before[i].includes(listener)) process.removeListener(event, listener)
      }
    }
  }
}
