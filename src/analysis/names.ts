// Whether the names of two models mean the same tensors.
import type { LayerInfo } from '../runners/model.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { distance } from './distance.ts'
import { asFloat32, floatsOf } from './elements.ts'
import { sureError } from './search.ts'
import type { Subject } from './subject.ts'

/** How many layers are asked whether names mean anything. */
const probes = 9

/**
 * Whether equal names mean equal tensors. Converters number their blobs alike and mean others: names count only when layers that are
 * fed with the reference's tensors of those names give its tensors of those names.
 */
export async function namesHold(subject: Subject): Promise<boolean> {
  const { model, references, network, facts } = subject
  const sameLength = (blob: string): boolean => {
    const reference = references.byName.get(blob)
    return reference !== undefined && reference.elements.length === facts.get(blob)?.length
  }
  if (model.blobs.filter(sameLength).length < 0.8 * model.blobs.length) return false
  const candidates = network.layers.filter(
    (layer) =>
      layer.inputs.length > 0 && !network.isRepeating(layer) && [...layer.inputs, ...layer.outputs].every(sameLength),
  )
  const step = Math.max(1, Math.floor(candidates.length / probes))
  const asked = candidates.filter((_, i) => i % step === 0)
  let right = 0
  for (const layer of asked) if (await givesWhatNamesSay(subject, layer)) right++
  return asked.length > 0 && right >= asked.length / 2
}

async function givesWhatNamesSay({ references, facts, compute }: Subject, layer: LayerInfo): Promise<boolean> {
  const given = new Map<string, Tensor>()
  for (const blob of layer.inputs) {
    const reference = references.byName.get(blob)
    const shape = facts.get(blob)?.shape
    if (reference === undefined || shape === undefined) return false
    given.set(
      blob,
      asFloat32({
        data: reference.elements,
        shape,
        dtype: reference.tensor.dtype === 'float64' ? 'float64' : 'float32',
      }),
    )
  }
  try {
    const computed = await compute(given, layer.outputs)
    return layer.outputs.every((blob) => {
      const own = floatsOf(computed[blob])
      const reference = references.byName.get(blob)
      return own !== undefined && reference !== undefined && distance(own, reference.elements).error < 10 * sureError
    })
  } catch {
    // What does not fit into the layer is not its input.
    return false
  }
}
