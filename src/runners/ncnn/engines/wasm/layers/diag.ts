// Diag: a matrix with a given diagonal, or the diagonal of a matrix.
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { copyStrided } from '../operations/strided-copy.ts'
import { checkRank } from '../shapes/axes.ts'

/** y = diag(x): a vector becomes a square matrix with x on its `diagonal` (above the main one when positive), a matrix gives that diagonal */
export const Diag = defineLayer({
  type: 'Diag',
  binaryId: 101,
  inputs: '1',
  elements: 'moved',
  stores16: false,
  params: { diagonal: int(0) },
  forward([x], { params: { diagonal } }, workspace) {
    checkRank(x.shape, 1, 2)
    const [row, column] = [Math.max(-diagonal, 0), Math.max(diagonal, 0)]
    if (x.shape.length === 1) {
      const size = x.length + row + column
      const y = workspace.alloc([size, size], x.dtype)
      y.data.fill(0)
      const target = { data: y.data, offset: row * size + column, strides: [size + 1] }
      copyStrided(x.shape, { data: x.data, offset: 0, strides: [1] }, target, workspace.kernels)
      return y
    }
    const [h, w] = x.shape
    const y = workspace.alloc([Math.max(Math.min(h - row, w - column), 0)], x.dtype)
    const source = { data: x.data, offset: row * w + column, strides: [w + 1] }
    copyStrided(y.shape, source, { data: y.data, offset: 0, strides: [1] }, workspace.kernels)
    return y
  },
})
