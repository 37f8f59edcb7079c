// Flatten: the same elements in one row.
import { defineLayer } from '../layer.ts'

/** y = all elements of x in one row */
export const Flatten = defineLayer({
  type: 'Flatten',
  binaryId: 14,
  inputs: '1',
  elements: 'moved',
  stores16: true,
  params: {},
  forward: ([x]) => x.share([x.length]),
})
