// A blob that is not finite, made of finite ones: it needs no reference to be wrong.

import type { LayerInfo } from '../../runners/model.ts'
import { allFinite } from '../distance.ts'
import { isRepeating } from '../network.ts'
import type { Walk } from '../walk-state.ts'

/** The first layer whose result is not finite though its inputs are, where the reference has no such tensor. */
export function firstOverflow({ subject }: Walk): LayerInfo | undefined {
  const { network, facts, references } = subject
  const isWholeBlobFinite = (blob: string): boolean => facts.get(blob)?.finite ?? true
  const born = network.layers.find(
    (layer) => !isRepeating(layer) && !layer.outputs.every(isWholeBlobFinite) && layer.inputs.every(isWholeBlobFinite),
  )
  if (born === undefined || !references.all.every(({ elements }) => allFinite(elements))) return undefined
  return born
}
