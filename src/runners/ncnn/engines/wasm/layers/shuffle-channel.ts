// ShuffleChannel: channels exchanged among groups.
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { copyStrided } from '../operations/strided-copy.ts'
import { atLeast } from '../param-checks.ts'

/** y[j * group + i] = x[i * channels / group + j]: the channels as a matrix of `group` rows, transposed */
export const ShuffleChannel = defineLayer({
  type: 'ShuffleChannel',
  binaryId: 52,
  inputs: '1',
  elements: 'moved',
  stores16: true,
  params: { group: int(0, 1), reverse: int(1) },
  check: ({ group }) => atLeast(1, { group }),
  forward([x], { params: { group, reverse } }, workspace) {
    const channels = x.shape.length >= 3 ? x.shape[0] : 1
    if (channels % group !== 0) {
      throw new NcnnError(`${channels} channels cannot be divided into ${group} groups`)
    }
    const rows = reverse ? channels / group : group
    const columns = channels / rows
    const size = x.length / channels
    const y = workspace.alloc(x.shape, x.dtype)
    const source = { data: x.data, offset: 0, strides: [columns * size, size, 1] }
    const target = { data: y.data, offset: 0, strides: [size, rows * size, 1] }
    copyStrided([rows, columns, size], source, target, workspace.kernels)
    return y
  },
})
