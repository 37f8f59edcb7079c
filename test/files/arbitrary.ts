// fast-check arbitraries: tensors of every dtype and shape, and damage to the bytes of a valid file.
import * as fc from 'fast-check'
import { allocate, type DType, dtypes } from '../../src/tensor/dtype.ts'
import { sizeOf, type Tensor } from '../../src/tensor/tensor.ts'

/** A tensor of any bits: NaN payloads, infinities and subnormals among them. Booleans are 0 or 1. */
export function anyTensor(allowed: readonly DType[] = dtypes): fc.Arbitrary<Tensor> {
  const shapes = fc.array(fc.nat({ max: 4 }), { maxLength: 5 })
  return fc.record({ dtype: fc.constantFrom(...allowed), shape: shapes }).chain(({ dtype, shape }) => {
    const length = allocate(dtype, sizeOf(shape)).byteLength
    return fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => {
      const data = allocate(dtype, sizeOf(shape))
      new Uint8Array(data.buffer).set(dtype === 'bool' ? bytes.map((byte) => byte & 1) : bytes)
      return { data, shape, dtype }
    })
  })
}

/** The bytes of a tensor and what they mean: equal only for tensors that are equal bit by bit. */
export function bitsOf({ data, shape, dtype }: Tensor) {
  return {
    shape: [...shape],
    dtype,
    kind: data.constructor.name,
    bits: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex'),
  }
}

/** The file cut short, with bytes changed, with bytes inserted or left out, or with one stretch copied over another. */
export function damaged(file: Uint8Array): fc.Arbitrary<Uint8Array> {
  const place = fc.nat({ max: file.length - 1 })
  const changed = fc.array(fc.tuple(place, fc.nat({ max: 255 })), { minLength: 1, maxLength: 8 }).map((changes) => {
    const copy = file.slice()
    for (const [at, byte] of changes) copy[at] = byte
    return copy
  })
  const spliced = fc
    .tuple(place, fc.nat({ max: 16 }), fc.uint8Array({ maxLength: 16 }))
    .map(([at, removed, inserted]) =>
      Uint8Array.from([...file.subarray(0, at), ...inserted, ...file.subarray(at + removed)]),
    )
  const moved = fc
    .tuple(place, place, place)
    .map(([from, to, length]) => file.slice().copyWithin(to, from, from + (length % 64)))
  return fc.oneof(
    place.map((length) => file.slice(0, length)),
    changed,
    spliced,
    moved,
  )
}
