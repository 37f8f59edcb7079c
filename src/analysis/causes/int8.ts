// Layers that compute in int8 err all alike: one that errs far more than the others has another cause.
import { formatMagnitude } from '../../tensor/numbers.ts'
import type { Row } from '../rows.ts'
import type { Scene, SharedCause } from './found.ts'

/** Fewer int8 layers are no crowd that one could stand out of; neither are fewer rows, each of which may have several. */
const leastLayers = 3

export async function int8Cause({ walk, rows, suspects }: Scene): Promise<SharedCause | undefined> {
  const layers = new Set<string>()
  const quantized = new Set<Row>()
  for (const row of rows) {
    for (const layer of row.segment) {
      if (!(await walk.subject.details(layer))?.computesInInt8) continue
      layers.add(layer.name)
      quantized.add(row)
    }
  }
  const others = suspects.filter((row) => !quantized.has(row))
  if (layers.size < leastLayers || others.length > 0.3 * suspects.length) return undefined
  const logs = [...quantized].map(({ introduced }) => Math.log(introduced)).sort((a, b) => a - b)
  const median = medianOf(logs)
  const deviation = medianOf(logs.map((log) => Math.abs(log - median)).sort((a, b) => a - b))
  const limit = median + Math.max(Math.log(3), 4.5 * deviation)
  const rest = quantized.size < leastLayers ? others : suspects.filter(({ introduced }) => Math.log(introduced) > limit)
  const evidence = `${layers.size} layers compute in int8; each tensor is off by ${formatMagnitude(Math.exp(median))} in the median`
  return { cause: 'int8', evidence, rest }
}

const medianOf = (sorted: readonly number[]): number => sorted[sorted.length >> 1]
