// Split: one blob under several names.
import { defineLayer } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'

/** y0, y1, ... = x */
export const Split = defineLayer({
  type: 'Split',
  binaryId: 33,
  inputs: '1',
  elements: 'moved',
  stores16: true,
  params: {},
  forward([x], { outputCount }) {
    const outputs: Blob[] = []
    for (let i = 0; i < outputCount; i++) outputs.push(x.share())
    return outputs
  },
})
