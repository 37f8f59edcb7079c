// Simulates ncnn's reduced precision as ARM processors with fp16 and bf16 instructions run it. Storage: weights and blobs are
// rounded to nearest, sums are taken in float32. fp16 arithmetic: every product is added with one rounding to fp16, in the chains of
// ncnn's ARM code where kernels take them (half-order.ts), elsewhere in the order of the sum.
// Other processors differ: on x86, useFp16Storage concerns the weights of InnerProduct alone, and cuts their surplus bits off; without
// bf16 instructions ncnn cuts blobs too, which drifts much further.
// Source: Tencent/ncnn, NetPrivate::convert_layout in src/net.cpp.
import type { NcnnKernels } from '../../../../../kernels/ncnn.ts'
import type { Blob } from '../memory/blob.ts'

/** The 16-bit type in which a layer's weights, inputs and outputs are stored. */
export type Storage16 = 'float16' | 'bfloat16'

/** Rounds a float32 blob in place to what the 16-bit type can hold, to nearest, ties to even; beyond its range is Infinity. */
export function roundTo(storage: Storage16, blob: Blob, kernels: NcnnKernels): void {
  if (blob.dtype !== 'float32') return
  if (storage === 'float16') kernels.roundToHalf({ data: blob.ptr, n: blob.length })
  else kernels.roundToBfloat16({ data: blob.ptr, n: blob.length })
}

/** As {@link roundTo}, but as ncnn's layers round what they have computed: to bfloat16 ties go away from zero. */
export function roundResult(storage: Storage16, blob: Blob, kernels: NcnnKernels): void {
  if (storage === 'float16') roundTo(storage, blob, kernels)
  else if (blob.dtype === 'float32') kernels.roundUpToBfloat16({ data: blob.ptr, n: blob.length })
}
