// A layer that computes in reduced precision because ncnn's options say so: it agrees when they are off.
import { distance } from '../distance.ts'
import { leastFactor, numbersOf, type Row, targetOf } from '../rows.ts'
import { type Explanation, type Scene, withVariant } from './found.ts'

/** What may be on, the least first; those of one step are switched off together. */
const steps = [
  { cause: 'fp16-arithmetic', what: 'its sums are in float16', switches: ['useFp16Arithmetic'] },
  { cause: 'fp16-storage', what: 'it stores float16', switches: ['useFp16Storage'] },
  {
    cause: 'fp16-storage',
    what: 'it stores float16',
    switches: ['useFp16Storage', 'useFp16Packed', 'useFp16Arithmetic'],
  },
  { cause: 'bf16-storage', what: 'it stores bfloat16', switches: ['useBf16Storage', 'useBf16Packed'] },
] as const

/** Where the layer has weights and what it gives is no float16, it is the weights that are. */
export async function switchedPrecision(scene: Scene, row: Row): Promise<Explanation | undefined> {
  const { walk } = scene
  const on = walk.subject.model.runtime.options ?? {}
  for (const { cause, what, switches } of steps) {
    const off = switches.filter((name) => on[name])
    if (off.length === 0) continue
    const settings = { ncnn: Object.fromEntries(off.map((name) => [name, false])) }
    const after = await withVariant(scene, settings, async (model) => {
      const computed = await model.run(Object.fromEntries(walk.feeds(row.feeds)), { outputs: [row.blob] })
      const own = numbersOf(walk, row.blob, computed[row.blob])
      return own && distance(own, targetOf(row)).error
    })
    if (after === undefined || after > Math.max(leastFactor * row.noise, 0.1 * row.introduced)) continue
    const names = off.join(', ')
    const isOfWeights =
      cause === 'fp16-storage' &&
      walk.subject.facts.get(row.blob)?.narrow !== 'float16' &&
      (await hasWeights(scene, row))
    return {
      cause: isOfWeights ? 'fp16-weights' : cause,
      evidence: `under ncnn's options ${isOfWeights ? 'its weights are kept in float16, whatever the file holds' : what}: it agrees without ${names}`,
      repair: { what: `${names} ${off.length === 1 ? 'is' : 'are'} off`, settings, before: row.introduced, after },
    }
  }
  return undefined
}

async function hasWeights({ walk }: Scene, row: Row): Promise<boolean> {
  const details = await Promise.all(row.segment.map((layer) => walk.subject.details(layer)))
  return details.some((one) => one?.weights.some(({ isCompressible }) => isCompressible))
}
