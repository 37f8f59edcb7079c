// Applying a function to each element of a blob.
import type { Pointer } from '../../../../../kernels/ncnn.ts'
import { NcnnError } from '../../../error.ts'
import type { Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'

/** The same function as a kernel: float32 from `input` to `output`, which may be the same. */
export type ElementwiseKernel = (input: Pointer, output: Pointer, n: number) => void

/** y[i] = f(x[i]), in x's own memory where nothing else reads it; float32 through the kernel, if there is one. */
export function mapElements(
  x: Blob,
  workspace: Workspace,
  f: (value: number) => number,
  kernel?: ElementwiseKernel,
): Blob {
  checkFloat(x, workspace)
  const y = workspace.reuse(x)
  if (kernel && workspace.float === 'float32') {
    kernel(x.ptr, y.ptr, x.length)
    return y
  }
  const [source, target] = [x.data, y.data]
  for (let i = 0; i < target.length; i++) target[i] = f(source[i])
  return y
}

/** Integers and 16-bit floats must be cast or dequantised first: ncnn would take their bits for float32. */
export function checkFloat(blob: Blob, { float }: Workspace, what = 'the input'): void {
  if (blob.dtype !== float) throw new NcnnError(`the layer computes on float32, ${what} is ${blob.dtype}`)
}

/** An operation of UnaryOp as a kernel. */
export const unaryKernel =
  (operation: number, { kernels }: Workspace) =>
  (input: number, output: number, n: number): void =>
    kernels.unary({ op: operation, input, output, n })
