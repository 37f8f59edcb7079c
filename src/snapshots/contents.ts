// What a snapshot is taken of: one tensor, or a record of named tensors such as a model's outputs.

import type { Tensor, TensorLike } from '../tensor/tensor.ts'
import { isTensorRecord } from '../tensor/tensor-record.ts'
import { toTensor } from '../tensor/to-tensor.ts'

/** How a file calls the tensor of a snapshot that has only one. */
const onlyTensor = 'tensor'

export type ContentsKind = 'tensor' | 'record'

export interface Contents<Stored = Tensor> {
  readonly kind: ContentsKind
  readonly tensors: Readonly<Record<string, Stored>>
}

/** @throws TypeError for anything that is neither a tensor nor a record of tensors */
export function contentsOf(received: unknown): Contents {
  if (!isTensorRecord(received)) {
    return { kind: 'tensor', tensors: { [onlyTensor]: toTensor(received as TensorLike, { name: 'actual' }) } }
  }
  const entries = Object.entries(received).map(([name, like]) => [name, toTensor(like, { name })] as const)
  return { kind: 'record', tensors: Object.fromEntries(entries) }
}
