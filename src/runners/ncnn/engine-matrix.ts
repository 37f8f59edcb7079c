// The same tests over engines x options: named cases for `describe.each` and `test.each` of Vitest and Jest.
import { reasonOf } from '../../host/reason.ts'
import type { Model } from '../model.ts'
import { NcnnError } from './error.ts'
import { loadNcnn, pickEngine } from './load-ncnn.ts'
import type { LoadNcnnOptions, NcnnEngine, NcnnOptions } from './options.ts'
import type { NcnnSource } from './source.ts'

const fast: NcnnOptions = { usePackingLayout: true, useSgemmConvolution: true, useWinogradConvolution: true }
const fp16: NcnnOptions = { useFp16Packed: true, useFp16Storage: true, useFp16Arithmetic: true }

/**
 * Settings of ncnn's under which a model is worth testing, by name. `default` is how ncnn runs when nobody sets an option (but in one
 * thread); `reference` is what {@link loadNcnn} has when nobody does.
 */
export const ncnnOptionSets = {
  reference: {},
  default: { ...fast, ...fp16 },
  'default without fp16': fast,
  'default without Winograd': { ...fast, ...fp16, useWinogradConvolution: false },
  'bf16 storage': { usePackingLayout: true, useBf16Storage: true },
  'fp16 storage': { useFp16Packed: true, useFp16Storage: true },
  Vulkan: { ...fast, useVulkanCompute: true },
} as const satisfies Record<string, NcnnOptions>

export type NcnnOptionSetName = keyof typeof ncnnOptionSets

export interface EngineCasesOptions {
  /** Names of {@link ncnnOptionSets}, or sets of one's own by name. Default: `reference` and `default`. */
  readonly options?: readonly NcnnOptionSetName[] | Readonly<Record<string, NcnnOptions>>
}

export interface EngineCase {
  /** `python, default`: the title of the case. */
  readonly name: string
  readonly engine: NcnnEngine
  readonly ncnn: NcnnOptions
  /** `loadNcnn` with this engine and these options. */
  load(source: NcnnSource, options?: Omit<LoadNcnnOptions, 'engine' | 'ncnn'>): Promise<Model>
}

/**
 * Every engine with every set of options that it can honour. An engine that is not installed fails its cases; to leave it out, filter
 * with {@link presentEngines}.
 *
 * @example
 * describe.each(engineCases(['wasm', 'python'], { options: ['reference', 'default'] }))('$name', ({ load }) => {
 *   test('the voiceprint survives', async () => {
 *     const model = await load('voiceprint.ncnn.param')
 *   })
 * })
 */
export function engineCases(
  engines: readonly NonNullable<LoadNcnnOptions['engine']>[],
  { options = ['reference', 'default'] }: EngineCasesOptions = {},
): EngineCase[] {
  const sets = Object.entries(optionSets(options))
  return engines.map(pickEngine).flatMap((engine) =>
    sets.flatMap(([name, ncnn]) => {
      if (engine.refuses?.(ncnn) !== undefined) return []
      const load: EngineCase['load'] = (source, rest) => loadNcnn(source, { ...rest, engine, ncnn })
      return [{ name: `${engine.name}, ${name}`, engine, ncnn, load }]
    }),
  )
}

function optionSets(
  options: readonly NcnnOptionSetName[] | Readonly<Record<string, NcnnOptions>>,
): Readonly<Record<string, NcnnOptions>> {
  if (!Array.isArray(options)) return options as Readonly<Record<string, NcnnOptions>>
  return Object.fromEntries(
    options.map((name: NcnnOptionSetName) => {
      if (!Object.hasOwn(ncnnOptionSets, name)) {
        const known = Object.keys(ncnnOptionSets).join(', ')
        throw new NcnnError(`engineCases: there is no option set "${name}"; there are ${known}`, {
          code: 'wrong-option',
        })
      }
      return [name, ncnnOptionSets[name]]
    }),
  )
}

export interface EnginePresence {
  readonly engine: NcnnEngine
  /** What it says of itself, such as `ncnn 1.0.20261020`; undefined when it cannot run here. */
  readonly version?: string
  /** Why it cannot run here. */
  readonly missing?: string
}

/** Which of the engines can run here: what to tell the reader of a report about those that cannot. */
export async function findEngines(
  engines: readonly NonNullable<LoadNcnnOptions['engine']>[],
): Promise<EnginePresence[]> {
  return Promise.all(
    engines.map(pickEngine).map(async (engine) => {
      try {
        return { engine, version: await engine.version() }
      } catch (error) {
        return { engine, missing: reasonOf(error) }
      }
    }),
  )
}

/** The engines that can run here. A suite that filters with this says nothing about those that cannot. */
export async function presentEngines(
  engines: readonly NonNullable<LoadNcnnOptions['engine']>[],
): Promise<NcnnEngine[]> {
  return (await findEngines(engines)).flatMap(({ engine, missing }) => (missing === undefined ? [engine] : []))
}
