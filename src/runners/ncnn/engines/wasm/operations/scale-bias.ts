// A factor and an offset for each channel, as BatchNorm and Scale apply them.
import type { Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import type { Channels } from '../shapes/channels.ts'
import { checkFloat } from './elementwise.ts'

/** y = x * scale + bias with one factor and one offset for each channel. */
export function scaleBias(
  x: Blob,
  { count, size }: Channels,
  scale: Blob,
  bias: Blob | undefined,
  workspace: Workspace,
): Blob {
  checkFloat(x, workspace)
  const y = workspace.reuse(x)
  if (workspace.float === 'float32') {
    workspace.kernels.scaleBias({
      input: x.ptr,
      output: y.ptr,
      scale: scale.ptr,
      bias: bias?.ptr ?? 0,
      outer: count,
      inner: size,
    })
    return y
  }
  const [source, factors, offsets, target] = [x.data, scale.data, bias?.data, y.data]
  for (let q = 0; q < count; q++) {
    const [factor, offset] = [factors[q], offsets ? offsets[q] : 0]
    for (let i = q * size; i < (q + 1) * size; i++) target[i] = source[i] * factor + offset
  }
  return y
}
