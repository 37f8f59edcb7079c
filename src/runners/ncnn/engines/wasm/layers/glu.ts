// GLU: one half of a blob gates the other.
import { Activation, BinaryOp } from '../../../../../kernels/ncnn.ts'
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { exp } from '../math/index.ts'
import { checkFloat } from '../operations/elementwise.ts'
import { viewAlong } from '../shapes/axis-view.ts'

/** y = a / (1 + e^-b) with a the first half of x along the axis and b the second; an odd last element is passed over */
export const GLU = defineLayer({
  type: 'GLU',
  binaryId: 94,
  inputs: '1',
  elements: 'float32',
  stores16: false,
  params: { axis: int(0) },
  forward([x], { params: { axis: requested } }, workspace) {
    checkFloat(x, workspace)
    const { axis, outer, length, inner } = viewAlong(x.shape, requested)
    if (length < 2) throw new NcnnError(`the axis has length ${length} and cannot be halved`)
    const half = Math.floor(length / 2)
    const [stride, block] = [length * inner, half * inner]
    const y = workspace.alloc(x.shape.map((size, i) => (i === axis ? half : size)))
    const [source, target] = [x.data, y.data]
    if (workspace.float === 'float32') {
      for (let o = 0; o < outer; o++) {
        target.set(source.subarray(o * stride + block, o * stride + 2 * block), o * block)
      }
      const { kernels } = workspace
      kernels.activate({
        activation: Activation.sigmoid,
        input: y.ptr,
        output: y.ptr,
        n: y.length,
      })
      kernels.binary({
        op: BinaryOp.mul,
        a: x.ptr,
        a0: 0,
        a1: 0,
        a2: stride,
        a3: 1,
        b: y.ptr,
        b0: 0,
        b1: 0,
        b2: block,
        b3: 1,
        output: y.ptr,
        n0: 1,
        n1: 1,
        n2: outer,
        n3: block,
      })
      return y
    }
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < block; i++) {
        target[o * block + i] = source[o * stride + i] / (1 + exp(-source[o * stride + block + i]))
      }
    }
    return y
  },
})
