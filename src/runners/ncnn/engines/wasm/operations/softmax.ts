// Softmax along one axis, for the Softmax layer and for attention.
import type { Workspace } from '../layer.ts'
import { exp } from '../math/index.ts'
import type { Blob } from '../memory/blob.ts'

/** y = exp(x - max) / sum, along the middle axis of [outer][length][inner]; may run in place. */
export function softmax(
  x: Blob,
  y: Blob,
  outer: number,
  length: number,
  inner: number,
  { float, kernels }: Workspace,
): void {
  if (float === 'float32') {
    kernels.softmax({ input: x.ptr, output: y.ptr, outer, length, inner })
    return
  }
  const [source, target] = [x.data, y.data]
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const start = o * length * inner + i
      const end = start + length * inner
      let max = -Infinity
      for (let at = start; at < end; at += inner) max = Math.max(max, source[at])
      let sum = 0
      for (let at = start; at < end; at += inner) {
        target[at] = exp(source[at] - max)
        sum += target[at]
      }
      for (let at = start; at < end; at += inner) target[at] /= sum
    }
  }
}
