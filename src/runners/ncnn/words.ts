// The 32-bit words in which ncnn keeps numbers: integers, or the bits of floats.

const view = new DataView(new ArrayBuffer(4))

/** The float32 whose bits a signed integer holds. */
export function floatOfBits(word: number): number {
  view.setInt32(0, word)
  return view.getFloat32(0)
}

/** The bits of a float32 as a signed integer. */
export function bitsOfFloat(value: number): number {
  view.setFloat32(0, value)
  return view.getInt32(0)
}
