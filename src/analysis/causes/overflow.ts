// A blob that is not finite, made of finite ones: it needs no reference to be wrong.

import type { LayerInfo } from '../../runners/model.ts'
import { countOf } from '../../tensor/numbers.ts'
import { allFinite } from '../distance.ts'
import { floatsOf } from '../elements.ts'
import type { Walk } from '../walk-state.ts'

/** The first layer whose result is not finite though its inputs are, where the reference has no such tensor. */
export function firstOverflow({ subject }: Walk): LayerInfo | undefined {
  const { network, facts, references } = subject
  const isWholeBlobFinite = (blob: string): boolean => facts.get(blob)?.finite ?? true
  const born = network.layers.find(
    (layer) =>
      !network.isRepeating(layer) && !layer.outputs.every(isWholeBlobFinite) && layer.inputs.every(isWholeBlobFinite),
  )
  if (born === undefined || !references.all.every(({ elements }) => allFinite(elements))) return undefined
  return born
}

/** Which weights of the layer are not finite themselves, in a sentence. */
export async function brokenWeights({ subject }: Walk, layer: LayerInfo): Promise<string | undefined> {
  const sentences: string[] = []
  for (const { name, read } of (await subject.details(layer))?.weights ?? []) {
    let broken = 0
    for (const value of floatsOf(await read()) ?? []) if (!Number.isFinite(value)) broken++
    if (broken > 0)
      sentences.push(`${countOf(broken, 'element')} of its ${name} ${broken === 1 ? 'is' : 'are'} NaN or infinite`)
  }
  return sentences.length === 0 ? undefined : sentences.join('; ')
}
