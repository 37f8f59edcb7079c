// Packing: another layout in ncnn's memory.
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { atLeast } from '../param-checks.ts'

/** Changes how many channels ncnn keeps side by side in memory. Blobs here are always dense, so y = x. */
export const Packing = defineLayer({
  type: 'Packing',
  binaryId: 62,
  inputs: '1',
  elements: 'moved',
  stores16: true,
  params: { out_elempack: int(0, 1), use_padding: int(1), cast_type_from: int(2), cast_type_to: int(3) },
  check: ({ out_elempack }) => atLeast(1, { out_elempack }),
  forward: ([x]) => x.share(),
})
