// Whether two runs gave the same bits. `toEqual` takes a hundred times as long, which counts when nearly all are equal.
import { encodeElements } from '../../../src/files/elements.ts'
import type { Tensor } from '../../../src/tensor/tensor.ts'

/** The bytes of each tensor. */
export type Bits = Readonly<Record<string, Uint8Array>>

export const bitsOf = (tensors: Readonly<Record<string, Tensor>>): Bits =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, encodeElements(tensor)]))

/** Whether both have the same names and the same bytes for each. */
export function haveSameBits(found: Bits, wanted: Bits): boolean {
  const names = Object.keys(wanted)
  const haveSameNames = Object.keys(found).length === names.length && names.every((name) => Object.hasOwn(found, name))
  return haveSameNames && names.every((name) => Buffer.compare(found[name], wanted[name]) === 0)
}
