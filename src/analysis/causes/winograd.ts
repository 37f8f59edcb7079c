// Winograd's algorithm on one side: hardly ever worth naming, its rounding is 0.6 to 4 times that of the plain sum.
import { distance } from '../distance.ts'
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
  const explained = await withVariant(scene, { ncnn: { useWinogradConvolution: !isOn } }, async (other) => {
    const found: Row[] = []
    for (const row of candidates) {
      const given = walk.feeds(row.feeds)
      const [a, b] = [
        await other.run(Object.fromEntries(given), { outputs: [row.blob] }),
        await walk.subject.compute(given, [row.blob]),
      ]
      const [changed, plain] = [numbersOf(walk, row.blob, a[row.blob]), numbersOf(walk, row.blob, b[row.blob])]
      if (changed === undefined || plain === undefined) continue
      if (row.introduced < mostTimes * distance(changed, plain).error + row.noise) found.push(row)
    }
    return found
  })
  if (explained === undefined || explained.length === 0) return undefined
  return {
    cause: 'winograd',
    evidence: `${explained.length} convolutions err no more than Winograd's algorithm does, which is ${isOn ? 'on' : 'off'} in the model`,
    rest: suspects.filter((row) => !explained.includes(row)),
  }
}
