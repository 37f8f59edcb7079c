// Noop: inputs handed on.
import { defineLayer } from '../layer.ts'

/** y0, y1, ... = x0, x1, ..., as many as the network names. */
export const Noop = defineLayer({
  type: 'Noop',
  binaryId: 68,
  inputs: '0+',
  elements: 'moved',
  stores16: true,
  params: {},
  forward: (inputs, { outputCount }) => inputs.slice(0, outputCount).map((x) => x.share()),
})
