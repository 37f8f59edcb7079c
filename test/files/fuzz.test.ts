// Damaged files: each is read, or refused with our own error. Never another error, a hang, or a huge allocation.
import * as fc from 'fast-check'
import { test } from 'vitest'
import { TensorFileError } from '../../src/files/error.ts'
import { decodeNpy } from '../../src/files/npy.ts'
import { decodeNpz } from '../../src/files/npz.ts'
import { decodeSafetensors } from '../../src/files/safetensors.ts'
import { bytesPerElement } from '../../src/tensor/dtype.ts'
import { sizeOf, type Tensor } from '../../src/tensor/tensor.ts'
import { expectSame } from '../in-loops.ts'
import { damaged } from './arbitrary.ts'
import { fixtureBytes } from './fixture.ts'

const readers: Readonly<Record<string, (bytes: Uint8Array) => readonly Tensor[]>> = {
  npy: (bytes) => [decodeNpy(bytes)],
  npz: (bytes) => Object.values(decodeNpz(bytes)),
  safetensors: (bytes) => Object.values(decodeSafetensors(bytes).tensors),
}

test.each([
  'fortran.npy',
  'big-endian-u8.npy',
  'version3.npy',
  'stored.npz',
  'deflated.npz',
  'streamed.npz',
  'zip64.npz',
  'all.safetensors',
])('%s', (name) => {
  const read = readers[name.split('.').at(-1) ?? '']
  if (read === undefined) throw new Error(`no reader for ${name}`)
  fc.assert(
    fc.property(damaged(fixtureBytes(name)), (bytes) => {
      let tensors: readonly Tensor[] = []
      try {
        tensors = read(bytes)
      } catch (error) {
        if (!(error instanceof TensorFileError)) throw error
      }
      for (const { data, shape, dtype } of tensors) {
        expectSame(data.length, sizeOf(shape))
        expectSame(data.BYTES_PER_ELEMENT, bytesPerElement[dtype])
      }
    }),
    { numRuns: 500 },
  )
})
