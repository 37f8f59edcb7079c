// The options of a comparison: what users may write.
import type { OptionsOf } from '../../arguments/options.ts'
import type { Tensor, TensorLike } from '../../tensor/tensor.ts'

/** A named pair of tolerances. Presets are starting points, not truths. */
export type PresetName = 'exact' | 'fp32' | 'fp16-weights' | 'bf16' | 'int8'

/** A side as a function of `normalize` gets it: in memory of its own. */
export interface Float64Tensor extends Tensor {
  readonly data: Float64Array
  readonly dtype: 'float64'
}

/** Applied to both sides, in float64, before they are compared: one of these along `axis`, a function to each side as a whole. */
export type Normalization =
  | 'l2'
  | 'l1'
  | 'max'
  | 'minmax'
  | 'zscore'
  | 'softmax'
  | ((tensor: Float64Tensor) => TensorLike)

/** Bounds on whole-tensor metrics; each one given must hold. `actual` is the noisy side, `reference` the signal. */
export interface MetricBounds {
  /** Least cosine similarity, in [-1, 1]. */
  readonly cosine?: number
  /** Least signal-to-noise ratio, in decibels: `20 log10(|reference| / |actual - reference|)`. */
  readonly snr?: number
  /** Least peak signal-to-noise ratio, in decibels; the peak is `max |reference|`. */
  readonly psnr?: number
  /** Greatest root mean square error. */
  readonly rmse?: number
  /** Greatest mean absolute error. */
  readonly mae?: number
  /** Greatest absolute error. */
  readonly maxAbs?: number
  /** Greatest relative error, over non-zero references. */
  readonly maxRel?: number
  /** Greatest distance in units in the last place, counted in the coarser of the two floating-point types. */
  readonly maxUlp?: number
}

export interface CompareOptions {
  /** Absolute tolerance. Given without `rtol`, `rtol` is 0. */
  readonly atol?: number
  /** Relative tolerance, multiplied by `|reference|`. Given without `atol`, `atol` is 0. */
  readonly rtol?: number
  readonly preset?: PresetName
  /** NaN equals NaN. Default false. */
  readonly equalNaN?: boolean
  readonly normalize?: Normalization
  /** Axis (or axes) along which `normalize` works. Default: the last. Negative counts from the end. */
  readonly axis?: number | readonly number[]
  /** How many elements, or what share of them (`'0.1%'`), may miss their tolerance. Never excuses a non-finite element. */
  readonly maxMismatch?: number | `${number}%`
  /** Without `atol`, `rtol` or `preset` beside them, the metrics alone decide. */
  readonly metrics?: MetricBounds
  /** Ignore axes of length 1 when shapes are compared. */
  readonly squeeze?: boolean
  /** How the axes of `actual` are turned into those of the reference, such as `'nhwc->nchw'`. */
  readonly layout?: `${string}->${string}`
  /** Require equal dtypes. Default false: conversion often changes them; the failure message reports them. */
  readonly checkDtype?: boolean
}

export const compareOptions = {
  atol: 'number',
  rtol: 'number',
  preset: 'any',
  equalNaN: 'boolean',
  normalize: 'any',
  axis: 'any',
  maxMismatch: 'any',
  metrics: {
    cosine: 'number',
    snr: 'number',
    psnr: 'number',
    rmse: 'number',
    mae: 'number',
    maxAbs: 'number',
    maxRel: 'number',
    maxUlp: 'number',
  } satisfies OptionsOf<MetricBounds>,
  squeeze: 'boolean',
  layout: 'any',
  checkDtype: 'boolean',
} as const satisfies OptionsOf<CompareOptions>
