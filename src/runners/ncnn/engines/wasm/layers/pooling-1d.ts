// Pooling1D: the maximum or the average over windows of a sequence.
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { type Planes, poolAdaptively, poolSliding } from '../operations/pool-planes.ts'
import { checkPooling, poolMethod, type Sliding } from '../operations/pool-windows.ts'
import { atLeast } from '../param-checks.ts'
import { asRank, namedLengths } from '../shapes/axes.ts'

/** As Pooling, over windows of w for each row of a matrix. */
export const Pooling1D = defineLayer({
  type: 'Pooling1D',
  binaryId: 82,
  inputs: '1',
  elements: 'float32',
  stores16: false,
  params: {
    pooling_type: int(0),
    kernel_w: int(1),
    stride_w: int(2, 1),
    pad_left: int(3),
    pad_right: int(14, 'pad_left'),
    global_pooling: int(4),
    pad_mode: int(5),
    avgpool_count_include_pad: int(6),
    adaptive_pooling: int(7),
    out_w: int(8),
  },
  check(params) {
    checkPooling(params)
    // Here no length stands for the input's.
    if (params.adaptive_pooling && !params.global_pooling) atLeast(1, { out_w: params.out_w })
  },
  forward([x], { params }, workspace) {
    const { h: rows, w } = namedLengths(asRank(x.shape, 2))
    const input: Planes = { x, channels: rows, h: 1, w, method: poolMethod(params.pooling_type) }
    if (params.global_pooling) return poolAdaptively(input, 1, 1, [rows], workspace)
    if (params.adaptive_pooling) return poolAdaptively(input, 1, params.out_w, [rows, params.out_w], workspace)
    const alongW = {
      kernel: params.kernel_w,
      stride: params.stride_w,
      padBefore: params.pad_left,
      padAfter: params.pad_right,
    }
    const countPadding = params.avgpool_count_include_pad !== 0
    const y = poolSliding(input, singleRow, alongW, params.pad_mode, countPadding, workspace)
    const rowsOfY = y.share([rows, y.length / rows])
    y.release()
    return rowsOfY
  },
})

const singleRow: Sliding = { kernel: 1, stride: 1, padBefore: 0, padAfter: 0 }
