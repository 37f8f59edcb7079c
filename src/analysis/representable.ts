// Whether numbers fit into 16 bits: what was stored as float16 or bfloat16 shows it.
import { float16ToFloat32, float32ToFloat16 } from '../tensor/half.ts'
import type { Elements } from './distance.ts'

export type Narrow = 'float16' | 'bfloat16'

/** Fewer different values say nothing: a mask of zeros and ones fits into any type. */
const leastDistinct = 16
const leastElements = 32
const looked = 200

const float = new Float32Array(1)
const bits = new Uint32Array(float.buffer)

const isBfloat16 = (value: number): boolean => {
  float[0] = value
  return (bits[0] & 0xffff) === 0 && float[0] === value
}

const [leastNormal, largest] = [2 ** -14, 65504]

function isFloat16(value: number): boolean {
  const magnitude = Math.abs(value)
  if (!(magnitude >= leastNormal && magnitude <= largest)) {
    return float16ToFloat32(float32ToFloat16(value)) === value || Number.isNaN(value)
  }
  float[0] = value
  return (bits[0] & 0x1fff) === 0 && float[0] === value
}

/** The 16-bit type that all elements fit into, when there are enough different ones to tell. */
export function narrowestOf(
  elements: Elements,
  least = leastDistinct,
): { narrow: Narrow | undefined; telling: boolean } {
  const distinct = new Set<number>()
  if (elements.length < Math.min(leastElements, 2 * least)) return { narrow: undefined, telling: false }
  for (let i = 0; i < elements.length && distinct.size < least && i < Math.max(looked, 16 * least); i++)
    distinct.add(elements[i])
  if (distinct.size < least) return { narrow: undefined, telling: false }
  const narrow = elements.every(isBfloat16) ? 'bfloat16' : elements.every(isFloat16) ? 'float16' : undefined
  return { narrow, telling: true }
}
