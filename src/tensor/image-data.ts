// ImageData, as a canvas gives it: rows of pixels, each of them red, green, blue and alpha.
import type { Float16ArrayLike } from './tensor.ts'

/** A tensor of shape `[height, width, 4]`. */
export interface ImageDataLike {
  readonly data: Uint8ClampedArray | Uint8Array | Float16ArrayLike
  readonly width: number
  readonly height: number
}

export function isImageData(value: object): value is ImageDataLike {
  const { data, width, height } = value as Readonly<Record<string, unknown>>
  return (
    ArrayBuffer.isView(data) &&
    Number.isInteger(width) &&
    Number.isInteger(height) &&
    (data as Uint8Array).length === 4 * Number(width) * Number(height)
  )
}
