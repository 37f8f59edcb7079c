// Pictures of a comparison, made small where the tensors are: they are drawn in another process.
import type { Comparison, ErrorHistogram } from '../compare/comparison.ts'
import { comparedPairs } from '../compare/lazy-comparison.ts'
import { type HeatMap, mapErrors } from '../compare/statistics/heat-map.ts'
import { type ErrorProfile, profileErrors } from '../compare/statistics/profiles.ts'
import { binErrors, type Scatter } from '../compare/statistics/scatter.ts'

export type { HeatMap } from '../compare/statistics/heat-map.ts'
export type { ErrorProfile } from '../compare/statistics/profiles.ts'
export type { LogAxis, Scatter } from '../compare/statistics/scatter.ts'

/** Plain data that survives JSON, of a few kilobytes for tensors of any size. */
export interface Evidence {
  readonly histogram: ErrorHistogram
  readonly scatter: Scatter
  readonly heatMap: HeatMap
  /** Along each axis that is longer than 1. */
  readonly profiles: readonly ErrorProfile[]
}

/** Takes several passes over the tensors. Undefined where nothing was compared, because shapes differ. */
export function evidenceOf(comparison: Comparison): Evidence | undefined {
  const compared = comparedPairs(comparison)
  if (compared === undefined) return undefined
  const { pairs, rule } = compared
  return {
    histogram: comparison.histogram,
    scatter: binErrors(pairs, rule),
    heatMap: mapErrors(pairs, rule),
    profiles: profileErrors(pairs, rule),
  }
}
