// DeepCopy: a blob handed on.
import { defineLayer } from '../layer.ts'

/** y = x */
export const DeepCopy = defineLayer({
  type: 'DeepCopy',
  binaryId: 70,
  inputs: '1',
  elements: 'moved',
  stores16: false,
  params: {},
  forward: ([x]) => x.share(),
})
