// Checks the options of a comparison before anything is compared: a misspelt tolerance must not pass for the default one.
import { describeValue } from '../../tensor/describe.ts'
import { normalizationNames } from '../../tensor/normalize.ts'
import { didYouMean } from './did-you-mean.ts'
import { type Layout, parseLayout } from './layout.ts'
import type { CompareOptions, MetricBounds, Normalization, PresetName } from './options.ts'
import { presets } from './presets.ts'

export interface CheckedOptions {
  readonly atol: number | undefined
  readonly rtol: number | undefined
  readonly preset: PresetName | undefined
  readonly equalNaN: boolean
  readonly normalize: Normalization | undefined
  readonly axes: readonly number[] | undefined
  /** How many of `total` elements may miss their tolerance. */
  readonly allowedMisses: (total: number) => number
  /** The metrics that were given a bound, in the order of {@link MetricBounds}. */
  readonly metrics: readonly { readonly name: keyof MetricBounds; readonly bound: number }[]
  readonly squeeze: boolean
  readonly layout: Layout | undefined
  readonly checkDtype: boolean
}

/** Checks one option; `undefined` stands for an option that was not given. */
const checks = {
  atol: (value: unknown) => tolerance('atol', value),
  rtol: (value: unknown) => tolerance('rtol', value),
  preset: (value: unknown) => oneOf('preset', value, Object.keys(presets) as PresetName[]),
  equalNaN: (value: unknown) => flag('equalNaN', value),
  normalize: (value: unknown): Normalization | undefined =>
    typeof value === 'function' ? (value as Normalization) : oneOf('normalize', value, normalizationNames),
  axis: checkAxis,
  maxMismatch: checkMaxMismatch,
  metrics: checkMetrics,
  squeeze: (value: unknown) => flag('squeeze', value),
  layout: checkLayout,
  checkDtype: (value: unknown) => flag('checkDtype', value),
} as const satisfies Record<keyof CompareOptions, (value: unknown) => unknown>

/** The names of all options. */
export const optionNames = Object.keys(checks) as readonly (keyof CompareOptions)[]

/**
 * Checks every option.
 *
 * @throws TypeError for an unknown option (with the likely one) or a value of the wrong kind, RangeError for a number out of
 *   range; both name the option.
 */
export function checkOptions(options: CompareOptions = {}): CheckedOptions {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`the options must be an object such as { atol: 1e-4 }, got ${describeValue(options)}`)
  }
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(checks, name)) throw new TypeError(`unknown option '${name}'${didYouMean(name, optionNames)}`)
  }
  return {
    atol: checks.atol(options.atol),
    rtol: checks.rtol(options.rtol),
    preset: checks.preset(options.preset),
    equalNaN: checks.equalNaN(options.equalNaN),
    normalize: checks.normalize(options.normalize),
    axes: checks.axis(options.axis),
    allowedMisses: checks.maxMismatch(options.maxMismatch),
    metrics: checks.metrics(options.metrics),
    squeeze: checks.squeeze(options.squeeze),
    layout: checks.layout(options.layout),
    checkDtype: checks.checkDtype(options.checkDtype),
  }
}

function tolerance(name: string, value: unknown): number | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, got ${describeValue(value)}`)
  if (!(value >= 0 && value < Infinity)) throw new RangeError(`${name} must be finite and not negative, got ${value}`)
  return value
}

function flag(name: string, value: unknown): boolean {
  if (value !== undefined && typeof value !== 'boolean') {
    throw new TypeError(`${name} must be true or false, got ${describeValue(value)}`)
  }
  return value ?? false
}

function oneOf<Name extends string>(option: string, value: unknown, names: readonly Name[]): Name | undefined {
  if (value === undefined || names.includes(value as Name)) return value as Name | undefined
  const list = names.map((name) => `'${name}'`).join(', ')
  const given = typeof value === 'string' ? `'${value}'${didYouMean(value, names)}` : describeValue(value)
  throw new TypeError(`${option} must be one of ${list}, got ${given}`)
}

function checkAxis(value: unknown): number[] | undefined {
  if (value === undefined) return undefined
  const axes: unknown[] = Array.isArray(value) ? value : [value]
  if (axes.length === 0 || !axes.every(Number.isInteger)) {
    throw new TypeError(`axis must be a whole number or a list of them, got ${describeList(value)}`)
  }
  return axes as number[]
}

function describeList(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(String).join(', ')}]` : describeValue(value)
}

function checkMaxMismatch(value: unknown): (total: number) => number {
  if (value === undefined) return () => 0
  if (typeof value === 'number') {
    if (Number.isInteger(value) && value >= 0) return () => value
    throw new RangeError(`maxMismatch must be a whole number of elements or a percentage such as '0.1%', got ${value}`)
  }
  if (typeof value !== 'string') {
    throw new TypeError(`maxMismatch must be a number or a percentage such as '0.1%', got ${describeValue(value)}`)
  }
  const percentage = /^(\d+(?:\.\d*)?|\.\d+)\s*%$/.exec(value)?.[1]
  if (percentage === undefined || Number(percentage) > 100) {
    throw new RangeError(`maxMismatch must be a percentage from '0%' to '100%', got '${value}'`)
  }
  return (total) => Math.floor((total * Number(percentage)) / 100)
}

/** The range of each metric's bound. */
const metricRanges: Readonly<Record<keyof MetricBounds, readonly [least: number, greatest: number]>> = {
  cosine: [-1, 1],
  snr: [-Infinity, Infinity],
  psnr: [-Infinity, Infinity],
  rmse: [0, Infinity],
  mae: [0, Infinity],
  maxAbs: [0, Infinity],
  maxRel: [0, Infinity],
  maxUlp: [0, Infinity],
}

function checkMetrics(value: unknown): CheckedOptions['metrics'] {
  if (value === undefined) return []
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`metrics must be an object such as { cosine: 0.999 }, got ${describeValue(value)}`)
  }
  const names = Object.keys(metricRanges) as (keyof MetricBounds)[]
  for (const name of Object.keys(value)) {
    if (!Object.hasOwn(metricRanges, name)) throw new TypeError(`unknown metric '${name}'${didYouMean(name, names)}`)
  }
  return names.flatMap((name) => {
    const bound = (value as Record<string, unknown>)[name]
    return bound === undefined ? [] : [{ name, bound: checkBound(name, bound) }]
  })
}

function checkBound(name: keyof MetricBounds, bound: unknown): number {
  if (typeof bound !== 'number') throw new TypeError(`metrics.${name} must be a number, got ${describeValue(bound)}`)
  const [least, greatest] = metricRanges[name]
  if (!Number.isFinite(bound) || bound < least || bound > greatest) {
    const range =
      least === -Infinity
        ? 'finite'
        : greatest === Infinity
          ? 'finite and not negative'
          : `from ${least} to ${greatest}`
    throw new RangeError(`metrics.${name} must be ${range}, got ${bound}`)
  }
  return bound
}

function checkLayout(value: unknown): Layout | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string') {
    throw new TypeError(`layout must be a string such as 'nhwc->nchw', got ${describeValue(value)}`)
  }
  return parseLayout(value)
}
