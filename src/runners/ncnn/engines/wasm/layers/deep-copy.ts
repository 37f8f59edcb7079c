// DeepCopy: a blob handed on.
import { defineLayer } from '../layer.ts'

/** y = x */
export const DeepCopy = defineLayer({
  type: 'DeepCopy',
  inputs: '1',
  params: {},
  forward: ([x]) => x.share(),
})
