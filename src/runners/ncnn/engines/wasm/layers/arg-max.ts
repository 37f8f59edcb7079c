// ArgMax: where the largest values of a blob are.
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { checkFloat } from '../operations/elementwise.ts'

/**
 * y = the positions of the topk largest elements of the whole blob, [1, topk], largest first and of equals the last first;
 * out_max_val: their values and below them the positions, [2, topk]
 */
export const ArgMax = defineLayer({
  type: 'ArgMax',
  binaryId: 1,
  inputs: '1',
  elements: 'float32',
  stores16: false,
  params: { out_max_val: int(0), topk: int(1, 1) },
  forward([x], { params: { out_max_val, topk } }, workspace) {
    checkFloat(x, workspace)
    if (topk < 1 || topk > x.length) throw new NcnnError(`topk must be 1 to ${x.length}, found ${topk}`)
    const y = workspace.alloc([out_max_val ? 2 : 1, topk])
    const [source, target] = [x.data, y.data]
    const best = largest(x, topk)
    if (out_max_val) target.set(best.map((position) => source[position]))
    target.set(best, out_max_val ? topk : 0)
    return y
  },
})

function largest({ data }: Blob, count: number): number[] {
  // Where a NaN stands is not defined in ncnn; here it comes last.
  const rank = (position: number): number => (Number.isNaN(data[position]) ? -Infinity : data[position])
  const compare = (p: number, q: number): number => (rank(p) === rank(q) ? q - p : rank(q) > rank(p) ? 1 : -1)
  return Array.from(data, (_, position) => position)
    .sort(compare)
    .slice(0, count)
}
