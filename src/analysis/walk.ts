// Walks the model in execution order, every layer fed with the reference's own tensors: what a layer then computes differs from its
// counterpart by that layer's own error only, so the counterpart is found by content, whatever the names, layouts and orders.
import { findBetterMatch, findHypothesis, type Hypothesis } from './hypotheses.ts'
import { namesHold } from './names.ts'
import type { Subject } from './subject.ts'
import { startWalk } from './visit.ts'
import { visitedOf, type Walk } from './walk-state.ts'

/** More layers without a counterpart in a row are a reason to suppose one. */
const mostUnmatched = 2
const mostRestarts = 200

/** @param surely whether nothing but sure matches count: nothing is supposed then */
export async function walkThrough(subject: Subject, { surely = false } = {}): Promise<Walk> {
  const walk = startWalk(subject, await namesHold(subject), surely)
  const { layers } = subject.network
  const outputs = new Set(subject.model.outputs.map(({ name }) => name))
  const given = new Set<string>()
  const doubted = new Set<string>()
  let restarts = 0
  let i = 0
  const restartAt = (hypothesis: Hypothesis): void => {
    walk.pinned.set(hypothesis.blob, hypothesis)
    restarts++
    i = subject.network.position(hypothesis.layer) - 1
  }
  for (; i < layers.length; i++) {
    const layer = layers[i]
    await walk.visit(layer)
    if (surely) continue
    const better = restarts > mostRestarts ? undefined : await findBetterMatch(walk, layer, doubted)
    if (better !== undefined) {
      restartAt(better)
      continue
    }
    const isStuck = layer.outputs.some((blob) => {
      const { match, depth } = visitedOf(walk, blob)
      return match === undefined && (depth > mostUnmatched || (outputs.has(blob) && depth > 0))
    })
    if (!isStuck || walk.namesHold || restarts > mostRestarts) continue
    const hypothesis = await findHypothesis(walk, layer, given)
    if (hypothesis === undefined) continue
    restartAt(hypothesis)
  }
  return walk
}
