// Computes a row's layers alone, with one of them changed: does the error go away?
import type { LayerChange, LayerInfo } from '../../runners/model.ts'
import { distance, type Elements } from '../distance.ts'
import { leastFactor, numbersOf, type Row, targetOf } from '../rows.ts'
import type { Walk } from '../walk-state.ts'
import { type Scene, withVariant } from './found.ts'

/** The relative error of a row's blob when a layer of its segment is changed; Infinity where such a layer cannot be. */
export async function errorOfChanged(scene: Scene, row: Row, layer: LayerInfo, change: LayerChange): Promise<number> {
  const own = await computeChanged(scene, row, { [layer.name]: change })
  const target = targetOf(row)
  return own?.length === target.length ? distance(own, target).error : Infinity
}

/**
 * How far changes of some layers of its segment move a row's blob, relative to it; 0 where such layers cannot be.
 * @param from the layers that are changed so, where that is not as they are
 */
export async function effectOfChanges(
  scene: Scene,
  row: Row,
  changes: Readonly<Record<string, LayerChange>>,
  from?: Readonly<Record<string, LayerChange>>,
): Promise<number> {
  const { walk } = scene
  const changed = await computeChanged(scene, row, changes)
  const plain =
    from === undefined
      ? numbersOf(walk, row.blob, (await walk.subject.compute(walk.feeds(row.feeds), [row.blob]))[row.blob])
      : await computeChanged(scene, row, from)
  return changed === undefined || plain === undefined ? 0 : distance(changed, plain).error
}

async function computeChanged(
  scene: Scene,
  row: Row,
  layers: Readonly<Record<string, LayerChange>>,
): Promise<Elements | undefined> {
  const { walk } = scene
  return withVariant(scene, { only: layersToRun(walk, row), layers }, async (alone) => {
    const computed = await alone.run(Object.fromEntries(walk.feeds(row.feeds)), { outputs: [row.blob] })
    return numbersOf(walk, row.blob, computed[row.blob])
  }).catch(() => undefined)
}

/** A row's segment, and the layers between that hand their input on. */
function layersToRun({ subject: { network } }: Walk, { segment, feeds }: Row): string[] {
  const layers = new Set(segment)
  for (const layer of layers) {
    for (const blob of layer.inputs) {
      const producer = feeds.includes(blob) ? undefined : network.producer.get(blob)
      if (producer !== undefined && network.isRepeating(producer)) layers.add(producer)
    }
  }
  return [...layers].map(({ name }) => name)
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
