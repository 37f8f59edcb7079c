// The text that stands for tensors in the runner's .snap: what a person can judge in a review, and which file holds the numbers.
import { toFloat64 } from '../tensor/decode.ts'
import { formatShape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Contents } from './contents.ts'
import type { SnapshotStorage } from './options.ts'

/** The part of a descriptor that is read back. */
export interface Descriptor {
  /** Relative to the .snap file. */
  readonly file: string
  /** Of the whole file. */
  readonly sha256: string
}

const heading = 'TensorSnapshot '

/** A heading and JSON. Figures are rounded to six digits: a reader compares them, a machine compares the file. */
export function describeContents(
  { kind, tensors }: Contents,
  storage: SnapshotStorage,
  { file, sha256 }: Descriptor,
): string {
  const summaries = Object.entries(tensors).map(([name, tensor]) => [name, summarize(tensor)] as const)
  const contents = kind === 'record' ? { tensors: Object.fromEntries(summaries) } : summaries[0]?.[1]
  const fields = { ...contents, ...(storage === 'full' ? {} : { storage }), file, sha256 }
  return heading + JSON.stringify(fields, null, 2)
}

/** Undefined for text that is no descriptor. */
export function parseDescriptor(text: string): Descriptor | undefined {
  const trimmed = text.trim()
  if (!trimmed.startsWith(heading)) return undefined
  try {
    const { file, sha256 } = JSON.parse(trimmed.slice(heading.length)) as Partial<Descriptor>
    return typeof file === 'string' && typeof sha256 === 'string' ? { file, sha256 } : undefined
  } catch {
    return undefined
  }
}

/** Norm and extremes are of the finite elements; the others are counted. */
function summarize(tensor: Tensor): Record<string, string | number> {
  const values = toFloat64(tensor)
  let least = Infinity
  let greatest = -Infinity
  const others = { NaN: 0, Infinity: 0, '-Infinity': 0 }
  for (const value of values) {
    if (!Number.isFinite(value)) others[String(value) as keyof typeof others]++
    else {
      if (value < least) least = value
      if (value > greatest) greatest = value
    }
  }
  const nonFinite = Object.entries(others).filter(([, count]) => count > 0)
  return {
    dtype: tensor.dtype,
    shape: formatShape(tensor.shape),
    ...(least <= greatest
      ? { norm: round(normOf(values, Math.max(-least, greatest))), min: round(least), max: round(greatest) }
      : {}),
    ...(nonFinite.length > 0 ? { nonFinite: nonFinite.map(([kind, count]) => `${count} ${kind}`).join(', ') } : {}),
  }
}

/** Euclidean norm. `largest` keeps the squares within the range of float64. */
function normOf(values: Float64Array, largest: number): number {
  if (largest === 0) return 0
  let sum = 0
  for (const value of values) if (Number.isFinite(value)) sum += (value / largest) ** 2
  return Math.sqrt(sum) * largest
}

function round(value: number): number | string {
  const rounded = Number(value.toPrecision(6))
  // JSON has no infinity, which the norm of huge values may be
  return Number.isFinite(rounded) ? rounded : String(rounded)
}
