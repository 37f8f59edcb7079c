// SPP: spatial pyramid pooling.
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import type { BlobArray } from '../memory/blob.ts'
import { type PoolMethod, poolMethod } from '../operations/pool-windows.ts'
import { namedLengths } from '../shapes/axes.ts'

const largestPyramid = 10

/** ncnn starts every channel at a multiple of so many elements. */
const channelAlignment = 4

/**
 * Pools x[c, h, w] to 1 x 1, 2 x 2, 4 x 4, ... bins for each channel, over zero padding. ncnn has all values one after the other,
 * but declares a result of two channels with as many elements as there are bins: that is what it gives, and what y is.
 */
export const SPP = defineLayer({
  type: 'SPP',
  binaryId: 34,
  inputs: '1',
  elements: 'float32',
  stores16: false,
  params: { pooling_type: int(0), pyramid_height: int(1, 1) },
  forward([x], { params: { pooling_type, pyramid_height } }, workspace) {
    if (pyramid_height < 1 || pyramid_height > largestPyramid) {
      throw new NcnnError(`pyramid_height must be 1 to ${largestPyramid}, found ${pyramid_height}`)
    }
    const { c, h, w } = namedLengths(x.shape)
    const method = poolMethod(pooling_type)
    // Level by level 1 + 4 + 16 + ...
    const bins = ((1 << (2 * pyramid_height)) - 1) / 3
    const secondChannel = Math.ceil(bins / channelAlignment) * channelAlignment
    if (c * bins < secondChannel + bins) {
      throw new NcnnError(`ncnn leaves a part of its result undefined for ${c} channels and ${bins} bins`)
    }
    const y = workspace.alloc([2, 1, bins])
    const pooled = new Float64Array(c * bins)
    let at = 0
    for (let level = 0; level < pyramid_height; level++) {
      const count = 1 << level
      for (let channel = 0; channel < c; channel++) {
        const image = x.data.subarray(channel * h * w, (channel + 1) * h * w)
        poolLevel(method, image, h, w, count, pooled, at)
        at += count * count
      }
    }
    y.data.set(pooled.subarray(0, bins))
    y.data.set(pooled.subarray(secondChannel, secondChannel + bins), bins)
    return y
  },
})

/** Pools an image of h x w to count x count bins of equal size. */
function poolLevel(
  method: PoolMethod,
  image: BlobArray,
  h: number,
  w: number,
  count: number,
  target: Float64Array,
  at: number,
): void {
  const [alongH, alongW] = [binsAlong(h, count), binsAlong(w, count)]
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) {
      const top = i * alongH.size - alongH.pad
      const left = j * alongW.size - alongW.pad
      let max = -Infinity
      let sum = 0
      for (let y = top; y < top + alongH.size; y++) {
        for (let x = left; x < left + alongW.size; x++) {
          const value = y >= 0 && y < h && x >= 0 && x < w ? image[y * w + x] : 0
          if (max < value) max = value
          sum += value
        }
      }
      target[at + i * count + j] = method === 'max' ? max : sum / (alongH.size * alongW.size)
    }
  }
}

/** Size of the bins along an axis, and by how much their first begins before the image. */
function binsAlong(length: number, count: number): { readonly size: number; readonly pad: number } {
  const size = Math.ceil(length / count)
  return { size, pad: Math.floor((size * count - length + 1) / 2) }
}
