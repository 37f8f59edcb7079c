// The file of a snapshot: what it says about itself is its own to say, and what it cannot have written is refused.
import { expect, test } from 'vitest'
import { decodeSafetensors, encodeSafetensors } from '../../src/files/safetensors.ts'
import type { Contents } from '../../src/snapshots/contents.ts'
import { makeFingerprint } from '../../src/snapshots/fingerprint/fingerprint.ts'
import { checkSnapshotOptions, type SnapshotStorage } from '../../src/snapshots/options.ts'
import { decodeSnapshot, encodeSnapshot, type Stored } from '../../src/snapshots/stored-snapshot.ts'
import { tensor } from '../../src/tensor/to-tensor.ts'

const element = tensor(new Float32Array(5000).map((_, i) => Math.sin(i)))

function encode(storage: SnapshotStorage): Uint8Array {
  const stored: Stored = storage === 'full' ? element : makeFingerprint(element, '00')
  const contents: Contents<Stored> = { kind: 'tensor', tensors: { tensor: stored } }
  return encodeSnapshot('test 1', contents, checkSnapshotOptions({ storage }), {})
}

test.each(['full', 'fingerprint'] as const)('%s: every name that the file uses is reserved', (storage) => {
  const names = Object.keys(decodeSafetensors(encode(storage)).metadata)
  expect(names).toContain('storage')
  for (const name of names) {
    expect(() => checkSnapshotOptions({ metadata: { [name]: 'x' } })).toThrow(
      `metadata.${name} is written by the snapshot itself`,
    )
  }
})

test('damaged fingerprints are an error that names the file', () => {
  const { tensors, metadata } = decodeSafetensors(encode('fingerprint'))
  const damaged = encodeSafetensors(tensors, { ...metadata, fingerprints: 'x' })
  expect(() => decodeSnapshot(damaged, 'a.safetensors')).toThrow(
    'a.safetensors: is no snapshot: its metadata does not describe the fingerprints',
  )
})
