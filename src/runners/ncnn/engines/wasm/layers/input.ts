// Input: what the user feeds.
import { NcnnError } from '../../../error.ts'
import { inputParams } from '../../../input-params.ts'
import { defineLayer } from '../layer.ts'

/** Its outputs are fed by the user; its parameters only describe them. */
export const Input = defineLayer({
  type: 'Input',
  binaryId: 16,
  inputs: '0+',
  elements: 'float32',
  stores16: 'bfloat16',
  params: inputParams,
  forward() {
    throw new NcnnError('an Input layer is fed, not run')
  },
})
