// What ncnn demands of parameters before it loads a layer, and the words for what does not meet it.
// Source: Tencent/ncnn 20261020, the checks of the build option NCNN_VALIDATION in src/layer.
import { NcnnError } from '../../error.ts'

type Values = Readonly<Record<string, number>>

/** @throws {NcnnError} naming the first of `values` that is smaller */
export function atLeast(least: number, values: Values): void {
  for (const [name, value] of Object.entries(values)) {
    if (value < least) throw new NcnnError(`${name} must be at least ${least}, found ${value}`)
  }
}

/** @throws {NcnnError} naming the first of `values` that is none of the choices `from` to `to` */
export function within(from: number, to: number, values: Values): void {
  for (const [name, value] of Object.entries(values)) {
    if (value < from || value > to) throw new NcnnError(`${name} must be ${from} to ${to}, found ${value}`)
  }
}

/** Most axes a blob has. */
const mostAxes = 4

/** @throws {NcnnError} where a list of axes is longer than a blob has axes, or names one that no blob has */
export function checkAxes(axes: readonly number[]): void {
  if (axes.length > mostAxes) throw new NcnnError(`a blob has ${mostAxes} axes at most, found axes ${axes.join(', ')}`)
  for (const axis of axes) within(-mostAxes, mostAxes - 1, { axis })
}

/** @throws {NcnnError} when a layer that then computes one blob from one has more of either */
export function oneToOne({
  inputs,
  outputs,
}: {
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}): void {
  if (inputs.length === 1 && outputs.length === 1) return
  throw new NcnnError(
    `with these parameters it takes 1 input and gives 1 output, found ${inputs.length} and ${outputs.length}`,
  )
}
