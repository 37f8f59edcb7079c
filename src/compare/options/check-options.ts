// Checks the options of a comparison before anything is compared: a misspelt tolerance must not pass for the default one.
import { describeValue } from '../../arguments/describe.ts'
import { didYouMean } from '../../arguments/did-you-mean.ts'
import { checkOptionNames } from '../../arguments/options.ts'
import { normalizationNames } from '../../tensor/normalize.ts'
import { type Layout, parseLayout } from './layout.ts'
import {
  type CompareOptions,
  compareOptions,
  type MetricBounds,
  type Normalization,
  type PresetName,
} from './options.ts'
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

const presetNames = Object.keys(presets) as readonly PresetName[]

/** The names of all options. */
export const optionNames = Object.keys(compareOptions) as readonly (keyof CompareOptions)[]

/**
 * Checks every option.
 *
 * @throws TypeError for an unknown option (with the likely one) or a value of the wrong kind, RangeError for a number out of
 *   range; both name the option.
 */
export function checkOptions(options: CompareOptions = {}): CheckedOptions {
  checkOptionNames(options, compareOptions)
  return {
    atol: checkTolerance('atol', options.atol),
    rtol: checkTolerance('rtol', options.rtol),
    preset: oneOf('preset', options.preset, presetNames),
    equalNaN: options.equalNaN ?? false,
    normalize:
      typeof options.normalize === 'function'
        ? options.normalize
        : oneOf('normalize', options.normalize, normalizationNames),
    axes: checkAxis(options.axis, options.normalize),
    allowedMisses: checkMaxMismatch(options.maxMismatch),
    metrics: checkMetrics(options.metrics),
    squeeze: options.squeeze ?? false,
    layout: checkLayout(options.layout),
    checkDtype: options.checkDtype ?? false,
  }
}

function checkTolerance(name: string, value: number | undefined): number | undefined {
  if (value === undefined || (value >= 0 && value < Infinity)) return value
  throw new RangeError(`${name} must be finite and not negative, got ${value}`)
}

function oneOf<Name extends string>(option: string, value: unknown, names: readonly Name[]): Name | undefined {
  if (value === undefined || names.includes(value as Name)) return value as Name | undefined
  const list = names.map((name) => `'${name}'`).join(', ')
  const given = typeof value === 'string' ? `'${value}'${didYouMean(value, names)}` : describeValue(value)
  throw new TypeError(`${option} must be one of ${list}, got ${given}`)
}

function checkAxis(value: unknown, normalize: unknown): number[] | undefined {
  if (value === undefined) return undefined
  const axes: unknown[] = Array.isArray(value) ? value : [value]
  if (axes.length === 0 || !axes.every(Number.isInteger)) {
    throw new TypeError(`axis must be a whole number or a list of them, got ${describeList(value)}`)
  }
  if (typeof normalize !== 'string') {
    throw new TypeError("axis is where 'l2', 'softmax' and their like work: it goes with one of them as normalize")
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

function checkMetrics(metrics: MetricBounds | undefined): CheckedOptions['metrics'] {
  if (metrics === undefined) return []
  const names = Object.keys(metricRanges) as (keyof MetricBounds)[]
  return names.flatMap((name) => {
    const bound = metrics[name]
    return bound === undefined ? [] : [{ name, bound: checkBound(name, bound) }]
  })
}

function checkBound(name: keyof MetricBounds, bound: number): number {
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
