// The same tests over engines x options: named cases for `describe.each` and `test.each` of Vitest and Jest.

import { describeValue } from '../../arguments/describe.ts'
import { didYouMean } from '../../arguments/did-you-mean.ts'
import { checkOptionNames, isRecord, type OptionsOf } from '../../arguments/options.ts'
import { reasonOf } from '../../host/reason.ts'
import { callerOf } from '../check-arguments.ts'
import type { Model } from '../model.ts'
import { NcnnError } from './error.ts'
import { loadNcnn, pickEngine } from './load-ncnn.ts'
import { type LoadNcnnOptions, loadNcnnOptions, type NcnnEngine, type NcnnOptions, ncnnSwitches } from './options.ts'
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
  // without fp16, which goes before bf16 where a processor has both
  'bf16 storage': { ...fast, useBf16Storage: true },
  'fp16 storage': { useFp16Packed: true, useFp16Storage: true },
  Vulkan: { ...fast, useVulkanCompute: true },
} as const satisfies Record<string, NcnnOptions>

export type NcnnOptionSetName = keyof typeof ncnnOptionSets

export interface EngineCasesOptions {
  /** Names of {@link ncnnOptionSets}, or sets of one's own by name. Default: `reference` and `default`. */
  readonly options?: readonly NcnnOptionSetName[] | Readonly<Record<string, NcnnOptions>>
}

const engineCasesOptions = { options: 'any' } as const satisfies OptionsOf<EngineCasesOptions>

/** Engines as {@link loadNcnn} takes them, or by names of one's own: `{ phone: workerEngine({ ... }) }`. */
export type Engines =
  | readonly NonNullable<LoadNcnnOptions['engine']>[]
  | Readonly<Record<string, NonNullable<LoadNcnnOptions['engine']>>>

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
 * with {@link presentEngines}. Where several engines are of one kind, as devices are, give each a name of its own:
 * `engineCases({ phone: workerEngine({ ... }), board: workerEngine({ ... }) })`.
 *
 * @example
 * describe.each(engineCases(['wasm', 'python'], { options: ['reference', 'default'] }))('$name', ({ load }) => {
 *   test('the voiceprint survives', async () => {
 *     const model = await load('voiceprint.ncnn.param')
 *   })
 * })
 */
export function engineCases(engines: Engines, cases: EngineCasesOptions = {}): EngineCase[] {
  checkOptionNames(cases, engineCasesOptions, callerOf('engineCases', NcnnError))
  const sets = Object.entries(optionSets(cases.options ?? ['reference', 'default']))
  return pickEngines(engines, 'engineCases').flatMap((engine) =>
    sets.flatMap(([name, ncnn]) => {
      if (engine.refuses?.(ncnn) !== undefined) return []
      const load: EngineCase['load'] = async (source, rest) => {
        checkOptionNames(rest, ownOptions, callerOf('load', NcnnError))
        return loadNcnn(source, { ...rest, engine, ncnn })
      }
      return [{ name: `${engine.name}, ${name}`, engine, ncnn, load }]
    }),
  )
}

/** The case has the engine and ncnn's options itself. */
const { engine: _, ncnn: __, ...ownOptions } = loadNcnnOptions

function pickEngines(engines: Engines, caller: string): NcnnEngine[] {
  if (Array.isArray(engines)) return engines.map(pickEngine)
  if (isRecord(engines) && !isEngine(engines)) {
    return Object.entries(engines).map(([name, engine]) => ({ ...pickEngine(engine), name }))
  }
  throw new NcnnError(
    `${caller}: expected a list of engines, such as ['wasm', 'python'], got ${describeValue(engines)}`,
    { code: 'wrong-option' },
  )
}

const isEngine = (value: object): boolean => 'load' in value && typeof value.load === 'function'

function optionSets(
  options: readonly NcnnOptionSetName[] | Readonly<Record<string, NcnnOptions>>,
): Readonly<Record<string, NcnnOptions>> {
  if (!Array.isArray(options)) {
    if (!isRecord(options)) {
      throw new NcnnError(
        `engineCases: options must be a list of names or an object of option sets, got ${describeValue(options)}`,
        { code: 'wrong-option' },
      )
    }
    const sets = options as Readonly<Record<string, NcnnOptions>>
    const table = Object.fromEntries(Object.keys(sets).map((name) => [name, ncnnSwitches]))
    checkOptionNames(sets, table, callerOf('engineCases: options', NcnnError))
    return sets
  }
  return Object.fromEntries(
    options.map((name: NcnnOptionSetName) => {
      if (!Object.hasOwn(ncnnOptionSets, name)) {
        const known = Object.keys(ncnnOptionSets)
        const hint = didYouMean(String(name), known) || `; there are ${known.join(', ')}`
        throw new NcnnError(`engineCases: there is no option set "${name}"${hint}`, {
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
export async function findEngines(engines: Engines): Promise<EnginePresence[]> {
  return Promise.all(pickEngines(engines, 'findEngines').map(presenceOf))
}

async function presenceOf(engine: NcnnEngine): Promise<EnginePresence> {
  try {
    return { engine, version: await engine.version() }
  } catch (error) {
    return { engine, missing: reasonOf(error) }
  }
}

/** The engines that can run here. A suite that filters with this says nothing about those that cannot. */
export async function presentEngines(engines: Engines): Promise<NcnnEngine[]> {
  const found = await Promise.all(pickEngines(engines, 'presentEngines').map(presenceOf))
  return found.flatMap(({ engine, missing }) => (missing === undefined ? [engine] : []))
}
