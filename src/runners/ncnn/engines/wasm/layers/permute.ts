// Permute: the axes in another order.
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { defineLayer, type Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { copyStrided, viewOf } from '../operations/strided-copy.ts'
import { within } from '../param-checks.ts'
import { axisNames } from '../shapes/axes.ts'

/** The result's axes by `order_type`, innermost first as ncnn writes them, for blobs of 2, 3 and 4 axes. */
const orders: Readonly<Record<number, readonly string[]>> = {
  2: 'wh hw'.split(' '),
  3: 'whc hwc wch cwh hcw chw'.split(' '),
  4: (
    'whdc hwdc wdhc dwhc hdwc dhwc whcd hwcd wchd cwhd hcwd chwd ' +
    'wdch dwch wcdh cwdh dcwh cdwh hdcw dhcw hcdw chdw dchw cdhw'
  ).split(' '),
}

/** y = x with its axes reordered */
export const Permute = defineLayer({
  type: 'Permute',
  binaryId: 47,
  inputs: '1',
  elements: 'moved',
  stores16: false,
  params: { order_type: int(0) },
  check: ({ order_type }) => within(0, orders[4].length - 1, { order_type }),
  forward([x], { params: { order_type } }, workspace) {
    const rank = x.shape.length
    if (rank === 1 || order_type === 0) return x.share()
    const axes = permutation(order_type, rank)
    if (axes === undefined) {
      throw new NcnnError(
        `order_type of a blob with ${rank} axes must be 0 to ${orders[rank].length - 1}, found ${order_type}`,
      )
    }
    const y = workspace.alloc(
      axes.map((axis) => x.shape[axis]),
      x.dtype,
    )
    const transpose = asTransposes(axes, x.shape)
    if (transpose && x.dtype === 'float32') transposeSimd(x, y, transpose, workspace)
    else {
      const source = viewOf(x)
      const strides = axes.map((axis) => source.strides[axis])
      copyStrided(y.shape, { ...source, strides }, viewOf(y), workspace.kernels)
    }
    return y
  },
})

/** For each axis of the result, outermost first, the axis of the input that it is; undefined where a blob of that many axes has no such order. */
export function permutation(order_type: number, rank: number): number[] | undefined {
  const order = orders[rank][order_type]
  const names: readonly string[] = axisNames(rank)
  return order === undefined ? undefined : [...order].reverse().map((name) => names.indexOf(name))
}

interface Transposes {
  readonly batch: number
  readonly rows: number
  readonly columns: number
}

/** The permutation as transposes of a batch of matrices, where it only exchanges two neighbouring runs of innermost axes. */
function asTransposes(axes: readonly number[], shape: readonly number[]): Transposes | undefined {
  const moved = axes.filter((axis) => shape[axis] !== 1)
  const sorted = moved.toSorted((a, b) => a - b)
  const first = moved.findIndex((axis, i) => axis !== sorted[i])
  if (first < 0) return undefined
  const split = sorted.indexOf(moved[first])
  const exchanged = [...sorted.slice(0, first), ...sorted.slice(split), ...sorted.slice(first, split)]
  if (moved.some((axis, i) => axis !== exchanged[i])) return undefined
  const size = (part: readonly number[]): number => part.reduce((product, axis) => product * shape[axis], 1)
  return {
    batch: size(sorted.slice(0, first)),
    rows: size(sorted.slice(first, split)),
    columns: size(sorted.slice(split)),
  }
}

function transposeSimd(x: Blob, y: Blob, { batch, rows, columns }: Transposes, { kernels }: Workspace): void {
  kernels.transpose({ source: x.ptr, destination: y.ptr, batch, rows, columns })
}
