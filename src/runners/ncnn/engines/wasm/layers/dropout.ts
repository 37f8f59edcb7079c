// Dropout: a factor at inference.
import { float } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { mapElements } from '../operations/elementwise.ts'

/** y = x * scale: at inference, dropout only scales. */
export const Dropout = defineLayer({
  type: 'Dropout',
  binaryId: 9,
  inputs: '1',
  elements: 'float32',
  stores16: false,
  params: { scale: float(0, 1) },
  forward([x], { params: { scale } }, workspace) {
    if (scale === 1) return x.share()
    return mapElements(x, workspace, (value) => value * scale)
  },
})
