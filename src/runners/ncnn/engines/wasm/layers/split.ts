// Split: one blob under several names.
import { defineLayer } from '../layer.ts'

/** y0, y1, ... = x */
export const Split = defineLayer({
  type: 'Split',
  binaryId: 33,
  inputs: '1',
  elements: 'moved',
  stores16: true,
  params: {},
  forward: ([x], { outputCount }) => Array.from({ length: outputCount }, () => x.share()),
})
