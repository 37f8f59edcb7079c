// ncnn's options as the real ncnn wants them: its own names, and the reference setting for those that were left out.
import { NcnnError } from '../../error.ts'
import type { Graph } from '../../graph.ts'
import type { EngineOptions, NcnnOptions } from '../../options.ts'

/** Plain fp32 sums in one fixed order: what every run, machine and build of ncnn agree on best. */
const reference: NcnnOptions = {
  numThreads: 1,
  usePackingLayout: false,
  useSgemmConvolution: false,
  useWinogradConvolution: false,
  useFp16Packed: false,
  useFp16Storage: false,
  useFp16Arithmetic: false,
  useBf16Packed: false,
  useBf16Storage: false,
}

/** Options by ncnn's own names, booleans as 0 and 1: those that were asked for, and those of the reference setting. */
export interface RawOptions {
  readonly asked: Readonly<Record<string, number>>
  /** A build that lacks one of these has it off. */
  readonly reference: Readonly<Record<string, number>>
}

/**
 * Translates the options of `loadNcnn`.
 * @throws {NcnnError} on options that only the built-in engine has, and on values that are neither boolean nor an integer
 */
export function rawOptions(engine: string, graph: Graph, options: EngineOptions): RawOptions {
  const { ncnn, precision, customLayers, memoryLimit, weightsOnDemand, relaxedSimd } = options
  const builtIn = [
    precision === 'float64' && "precision: 'float64'",
    graph.layers.some(({ type }) => Object.hasOwn(customLayers, type)) && 'customLayers',
    memoryLimit !== undefined && 'memoryLimit',
    weightsOnDemand && 'weightsOnDemand',
    relaxedSimd && 'relaxedSimd',
  ].find(Boolean)
  if (builtIn)
    throw new NcnnError(`loadNcnn: ${builtIn} needs the built-in engine; the ${engine} engine has no such thing`, {
      code: 'wrong-option',
    })
  return { asked: translate(ncnn), reference: translate({ ...reference, ...undefinedOf(ncnn) }) }
}

/** The reference setting gives way to what was asked for. */
function undefinedOf(ncnn: NcnnOptions): NcnnOptions {
  return Object.fromEntries(
    Object.entries(ncnn).flatMap(([name, value]) => (value === undefined ? [] : [[name, undefined]])),
  )
}

function translate(options: NcnnOptions): Record<string, number> {
  const translated: Record<string, number> = {}
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue
    if (typeof value !== 'boolean' && !Number.isInteger(value)) {
      throw new NcnnError(
        `loadNcnn: the ncnn option ${name} must be a boolean or an integer, got ${JSON.stringify(value)}`,
        { code: 'wrong-option' },
      )
    }
    translated[snakeCase(name)] = Number(value)
  }
  if ((translated.num_threads ?? 1) < 1) {
    throw new NcnnError(`loadNcnn: the ncnn option numThreads must be at least 1, got ${translated.num_threads}`, {
      code: 'wrong-option',
    })
  }
  return translated
}

/** `useFp16Storage` is `use_fp16_storage`. */
const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** `use_fp16_storage` is `useFp16Storage`. */
export const camelCase = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase())
