// MemoryData: a constant blob that is stored with the weights.
import { formatShape, sizeOf } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { bytes, raw, taggedOrInt8 } from '../../../weights.ts'
import { defineLayer } from '../layer.ts'

interface Lengths {
  readonly w: number
  readonly h: number
  readonly d: number
  readonly c: number
}

/** The outermost length that is not 0 decides the rank. */
function declaredShape({ w, h, d, c }: Lengths): number[] {
  const shape = d !== 0 ? [c, d, h, w] : c !== 0 ? [c, h, w] : h !== 0 ? [h, w] : [w]
  if (shape.some((length) => length <= 0)) {
    throw new NcnnError(`a MemoryData layer must declare positive lengths, found ${formatShape(shape)}`)
  }
  return shape
}

/** By load type. Truth values and block-quantised weights are bytes alike. */
const storedAs = new Map([
  [0, taggedOrInt8],
  [1, raw],
  [3, bytes],
  [4, bytes],
  [6, bytes],
  [8, bytes],
])

/** y = data: floats, or signed bytes where `load_type` is 3, 4, 6 or 8 */
export const MemoryData = defineLayer({
  type: 'MemoryData',
  binaryId: 19,
  inputs: '0',
  elements: 'float32',
  stores16: false,
  params: { w: int(0), h: int(1), d: int(11), c: int(2), load_type: int(21, 1) },
  weights({ load_type, ...lengths }) {
    const stored = storedAs.get(load_type)
    if (stored === undefined) throw new NcnnError(`load_type must be 0, 1, 3, 4, 6 or 8, found ${load_type}`)
    return { data: stored(sizeOf(declaredShape(lengths))) }
  },
  /** The blob of the model's float type, in which all runs share it. */
  prepare({ params, weights: { data } }, { float, alloc }) {
    const shape = declaredShape(params)
    if (data.dtype !== 'float32' || float === 'float32') return data.share(shape)
    const constant = alloc(shape)
    constant.data.set(data.data)
    data.release()
    return constant
  },
  forward: (_, { prepared }) => prepared.share(),
})
