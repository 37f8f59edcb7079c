// Power: powers of a linear function.
import { float } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import * as math from '../math/index.ts'
import { mapElements } from '../operations/elementwise.ts'

/** y = (shift + x * scale)^power */
export const Power = defineLayer({
  type: 'Power',
  binaryId: 22,
  inputs: '1',
  elements: 'float32',
  stores16: false,
  params: { power: float(0, 1), scale: float(1, 1), shift: float(2) },
  forward: ([x], { params: { power, scale, shift } }, workspace) =>
    mapElements(x, workspace, (v) => math.pow(shift + v * scale, power)),
})
