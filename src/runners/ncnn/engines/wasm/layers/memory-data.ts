// MemoryData: a constant blob that is stored with the weights.
import { sizeOf } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { raw, tagged } from '../../../weights.ts'
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
    throw new NcnnError(`a MemoryData layer must declare positive lengths, found [${shape.join(', ')}]`)
  }
  return shape
}

/** y = data */
export const MemoryData = defineLayer({
  type: 'MemoryData',
  inputs: '0',
  params: { w: int(0), h: int(1), d: int(11), c: int(2), load_type: int(21, 1) },
  weights({ load_type, ...lengths }) {
    if (load_type !== 0 && load_type !== 1) throw new NcnnError(`load_type must be 0 or 1, found ${load_type}`)
    const count = sizeOf(declaredShape(lengths))
    return { data: load_type === 0 ? tagged(count) : raw(count) }
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
