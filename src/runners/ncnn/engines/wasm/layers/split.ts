// Split: one blob under several names.
import { defineLayer } from '../layer.ts'

/** y0, y1, ... = x */
export const Split = defineLayer({
  type: 'Split',
  inputs: '1',
  params: {},
  forward: ([x], { outputCount }) => Array.from({ length: outputCount }, () => x.share()),
})
