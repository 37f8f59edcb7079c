// Flatten: the same elements in one row.
import { defineLayer } from '../layer.ts'

/** y = all elements of x in one row */
export const Flatten = defineLayer({
  type: 'Flatten',
  inputs: '1',
  params: {},
  forward: ([x]) => x.share([x.length]),
})
