// Input: what the user feeds.
import { NcnnError } from '../../../error.ts'
import { inputParams } from '../../../input-params.ts'
import { defineLayer } from '../layer.ts'

/** Its outputs are fed by the user; its parameters only describe them. */
export const Input = defineLayer({
  type: 'Input',
  inputs: '0+',
  params: inputParams,
  forward() {
    throw new NcnnError('an Input layer is fed, not run')
  },
})
