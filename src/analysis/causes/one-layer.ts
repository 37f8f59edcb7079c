// Computes one layer alone, with something changed: does its error go away?
import type { LayerChange } from '../../runners/model.ts'
import { distance } from '../distance.ts'
import { leastFactor, numbersOf, type Row, targetOf } from '../rows.ts'
import { type Scene, withVariant } from './found.ts'

/** The relative error of a row's blob when its layer is changed; Infinity where such a layer cannot be. */
export async function errorOfChanged(scene: Scene, row: Row, change: LayerChange): Promise<number> {
  const { layer, blob } = row
  const inputs = change.inputs ?? layer.inputs
  const settings = { only: [layer.name], layers: { [layer.name]: change } }
  const error = await withVariant(scene, settings, async (alone) => {
    const computed = await alone.run(Object.fromEntries(scene.walk.feeds(inputs)), { outputs: [blob] })
    const own = numbersOf(scene.walk, blob, computed[blob])
    const target = targetOf(row)
    return own?.length === target.length ? distance(own, target).error : Infinity
  }).catch(() => Infinity)
  return error ?? Infinity
}

/** Two operations that do nearly the same to small numbers are still two. */
const mostLeft = 1e-4

/** Whether most of a row's error is gone, and what is left is rounding or next to nothing beside what it was. */
export const isGone = (error: number, { noise, introduced, background = 0 }: Row, share = 0.02): boolean =>
  error < introduced / 2 &&
  error < Math.max(leastFactor * noise, Math.min(share * introduced, mostLeft), 1.5 * background)

/** An error without what a shared cause adds to it, the two being independent. */
export const withoutBackground = (error: number, { background = 0 }: Row): number =>
  Math.sqrt(Math.max(0, error ** 2 - background ** 2))
