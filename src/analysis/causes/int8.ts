// Layers that compute in int8 err all alike: one that errs far more than the others has another cause.
import type { Row } from '../rows.ts'
import type { Scene, SharedCause } from './found.ts'

/** Fewer int8 layers are no crowd that one could stand out of. */
const leastLayers = 3

export async function int8Cause({ walk, rows, suspects }: Scene): Promise<SharedCause | undefined> {
  const quantized: Row[] = []
  for (const row of rows) if ((await walk.subject.details(row.layer))?.computesInInt8) quantized.push(row)
  if (quantized.length === 0) return undefined
  const ofThem = suspects.filter((row) => quantized.includes(row))
  const evidence = `${quantized.length} layers compute in int8`
  if (quantized.length < leastLayers || ofThem.length < 0.7 * suspects.length) {
    return { cause: 'parameter', evidence, rest: suspects }
  }
  const logs = quantized.map(({ introduced }) => Math.log(introduced)).sort((a, b) => a - b)
  const median = medianOf(logs)
  const deviation = medianOf(logs.map((log) => Math.abs(log - median)).sort((a, b) => a - b))
  const limit = median + Math.max(Math.log(3), 4.5 * deviation)
  const rest = suspects.filter(({ introduced }) => Math.log(introduced) > limit)
  return { cause: 'int8', evidence: `${evidence}; each errs by ${Math.exp(median).toPrecision(2)} in the median`, rest }
}

const medianOf = (sorted: readonly number[]): number => sorted[sorted.length >> 1]
