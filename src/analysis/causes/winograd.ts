// Winograd's algorithm on one side: hardly ever worth naming, its rounding is 0.6 to 4 times that of the plain sum.

import type { Model } from '../../runners/model.ts'
import { distance } from '../distance.ts'
import { plainSwitches } from '../reduced-precision.ts'
import { numbersOf, type Row } from '../rows.ts'
import { type Scene, type SharedCause, withVariant } from './found.ts'

/** How many times the difference between both algorithms a layer may err for it to be the cause. */
const mostTimes = 4

export async function winogradCause(scene: Scene, suspects: readonly Row[]): Promise<SharedCause | undefined> {
  const { walk } = scene
  const candidates: Row[] = []
  for (const row of suspects) {
    const details = await Promise.all(row.segment.map((layer) => walk.subject.details(layer)))
    if (details.some((one) => one?.allowsWinograd)) candidates.push(row)
  }
  if (candidates.length === 0) return undefined
  const isOn = Boolean(walk.subject.model.runtime.options?.useWinogradConvolution)
  // Both in float32: in half precision the algorithm does more than round otherwise.
  const under = <T>(isWinograd: boolean, work: (model: Model) => Promise<T>): Promise<T | undefined> =>
    withVariant(scene, { ncnn: { ...plainSwitches, useWinogradConvolution: isWinograd } }, work)
  const compare = async (other: Model, same: Model): Promise<Row[]> => {
    const found: Row[] = []
    for (const row of candidates) {
      const given = walk.feeds(row.feeds)
      const [a, b] = [
        await other.run(Object.fromEntries(given), { outputs: [row.blob] }),
        await same.run(Object.fromEntries(given), { outputs: [row.blob] }),
      ]
      const [changed, plain] = [numbersOf(walk, row.blob, a[row.blob]), numbersOf(walk, row.blob, b[row.blob])]
      if (changed === undefined || plain === undefined) continue
      if (row.introduced < mostTimes * distance(changed, plain).error + row.noise) found.push(row)
    }
    return found
  }
  const explained = await under(!isOn, (other) => under(isOn, (same) => compare(other, same)))
  if (explained === undefined || explained.length === 0) return undefined
  return {
    cause: 'winograd',
    evidence: `${explained.length} convolutions err no more than Winograd's algorithm does, which is ${isOn ? 'on' : 'off'} in the model`,
    rest: suspects.filter((row) => !explained.includes(row)),
  }
}
