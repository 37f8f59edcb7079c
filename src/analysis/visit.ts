// Visits a layer: computes it on the reference's tensors and finds the counterparts of its outputs.
import type { LayerInfo } from '../runners/model.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { distance, type Elements } from './distance.ts'
import { asFloat32, float32Tensor, floatsOf } from './elements.ts'
import { bestFit, layoutsBetween, placesOf, rearrange } from './layouts.ts'
import { mayReshape } from './network.ts'
import { quantize, type Scales, unquantize } from './quantized.ts'
import { searchIn, sureError } from './search.ts'
import { outputCounterpart, type Subject } from './subject.ts'
import { type Match, type Visited, visitedOf, type Walk } from './walk-state.ts'

/**
 * A walk that has come to the inputs only.
 * @param surely whether nothing but sure matches count
 */
export function startWalk(subject: Subject, namesHold: boolean, surely: boolean): Walk {
  const { references, pairs } = subject
  const search = searchIn(references, namesHold)
  const visited = new Map<string, Visited>()
  const pinned: Walk['pinned'] = new Map()
  const unmatched = new Set<string>()
  const lookUp = (blob: string): Visited => visitedOf(walk, blob)

  const feed = (blob: string): Tensor => {
    const { match, own, shape, scales } = lookUp(blob)
    if (match === undefined) return own as Tensor
    const tensor = float32Tensor(rearrange(match.reference.elements, match.layout), shape)
    return scales === undefined ? tensor : quantize(tensor, scales)
  }
  const placeBefore = ({ inputs }: LayerInfo): number =>
    Math.max(-1, ...inputs.map((blob) => visited.get(blob)?.place ?? -1))

  const settle = (blob: string, tensor: Tensor, layer: LayerInfo, scales?: Scales): void => {
    const elements = scales === undefined ? floatsOf(tensor) : unquantize(tensor, scales)
    const { shape, dtype } = tensor
    const place = placeBefore(layer)
    if (elements === undefined) {
      visited.set(blob, { shape, dtype, own: tensor, depth: 0, place })
      return
    }
    const match = counterpart(blob, elements, shape, layer, place)
    if (match !== undefined) {
      visited.set(blob, { shape, dtype, match, ...(scales && { scales }), depth: 0, place: match.reference.place })
      return
    }
    const depth = 1 + Math.max(0, ...layer.inputs.map((input) => visited.get(input)?.depth ?? 0))
    visited.set(blob, { shape, dtype, own: scales === undefined ? asFloat32(tensor) : tensor, depth, place })
  }

  const counterpart = (
    blob: string,
    elements: Elements,
    shape: readonly number[],
    layer: LayerInfo,
    place: number,
  ): Match | undefined => {
    if (unmatched.has(blob)) return undefined
    const pin = pinned.get(blob)
    if (pin !== undefined) {
      return { ...distance(elements, pin.reference.elements, placesOf(pin.layout)), ...pin, by: 'hypothesis' }
    }
    const paired = references.byName.get(pairs.get(blob) ?? '')
    if (paired?.elements.length === elements.length) return { ...search.fit(elements, shape, paired), by: 'pair' }
    const sameName = namesHold ? references.byName.get(blob) : undefined
    const named = sameName?.elements.length === elements.length ? search.fit(elements, shape, sameName) : undefined
    if (named !== undefined && named.error < sureError) return { ...named, by: 'name' }
    const found = search.find(elements, shape, place, mayReshape(layer))
    // Two converters may number alike for a while, and then one of them has a layer more.
    const isOther = found !== undefined && !found.early && found.error < sureError
    if (named !== undefined && !isOther) return { ...named, by: 'name' }
    const mayResemble = (name: string): boolean => !surely && !isForOutput(subject, blob, name)
    if (found !== undefined && (found.error < sureError || mayResemble(found.reference.name))) {
      search.learn(elements, shape, found)
      return { ...found, by: 'content' }
    }
    const output = references.byName.get(outputCounterpart(subject, blob) ?? '')
    if (output?.elements.length === elements.length) return { ...search.fit(elements, shape, output), by: 'output' }
    return undefined
  }

  const walk: Walk = {
    subject,
    search,
    visited,
    pinned,
    unmatched,
    namesHold,
    feed,
    feeds: (inputs) => new Map(inputs.map((blob) => [blob, feed(blob)])),
    placeBefore,
    async visit(layer) {
      if (subject.network.isRepeating(layer)) {
        for (const blob of layer.outputs) visited.set(blob, lookUp(layer.inputs[0]))
        return
      }
      const computed = await subject.compute(walk.feeds(layer.inputs), layer.outputs)
      const quantized = layer.outputs.some((blob) => computed[blob].dtype === 'int8')
      const scales = quantized ? (await subject.details(layer))?.outputScales : undefined
      for (const blob of layer.outputs) {
        const tensor = computed[blob]
        settle(blob, tensor, layer, tensor.dtype === 'int8' ? scales : undefined)
      }
    },
  }

  const referenceNames = Object.keys(subject.referenceInputs)
  for (const [i, [blob, tensor]] of Object.entries(subject.inputs).entries()) {
    const { shape, dtype } = tensor
    const reference = references.byName.get(referenceNames[i])
    const own = floatsOf(tensor)
    const fit =
      reference !== undefined && own !== undefined && reference.elements.length === own.length
        ? bestFit(own, reference.elements, layoutsBetween(shape, reference.tensor.shape))
        : undefined
    // The order of an image's axes at the input is that of all images.
    const match = fit && reference && { ...fit, reference, by: 'input' as const }
    if (match !== undefined && own !== undefined) search.learn(own, shape, match)
    visited.set(blob, { shape, dtype, own: asFloat32(tensor), ...(match && { match }), depth: 0, place: -1 })
  }
  return walk
}

/** Whether a tensor is an output of the reference's, and the blob none of the model's: what only resembles it stands before it. */
const isForOutput = ({ model, referenceOutputs }: Subject, blob: string, reference: string): boolean =>
  referenceOutputs.includes(reference) && model.outputs.every(({ name }) => name !== blob)
