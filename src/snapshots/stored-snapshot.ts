// The bytes of a snapshot's .safetensors file, and what was stored in them.
import { own } from '../compare/records.ts'
import { TensorFileError } from '../files/error.ts'
import { decodeSafetensors, encodeSafetensors } from '../files/safetensors.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Contents, ContentsKind } from './contents.ts'
import type { Fingerprint, NonFinite } from './fingerprint/fingerprint.ts'
import type { CheckedSnapshotOptions, SnapshotStorage } from './options.ts'
import { ownMetadata } from './own-metadata.ts'

export type Stored = Tensor | Fingerprint

export interface StoredSnapshot extends Contents<Stored> {
  readonly storage: SnapshotStorage
  /** The name of the snapshot that was stored. */
  readonly test: string | undefined
}

export function isFingerprint(stored: Stored): stored is Fingerprint {
  return 'sketch' in stored
}

/**
 * The file's bytes. Under `storage: 'full'` the tensors have their own names; among fingerprints they lie in parts such as
 * `sketch/out0`, and what JSON can hold is metadata. `origin` is metadata that the user's takes precedence over.
 */
export function encodeSnapshot(
  key: string,
  { kind, tensors }: Contents<Stored>,
  { storage, compare, metadata }: CheckedSnapshotOptions,
  origin: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const parts = storage === 'full' ? (tensors as Contents['tensors']) : takeApart(tensors)
  return encodeSafetensors(parts, {
    ...ownMetadata({
      key,
      kind,
      storage,
      compare,
      fingerprints: storage === 'full' ? undefined : headersOf(tensors),
    }),
    ...origin,
    ...metadata,
  })
}

/** @throws TensorFileError that names the file, for bytes that are no snapshot */
export function decodeSnapshot(bytes: Uint8Array, path: string): StoredSnapshot {
  const { tensors, metadata } = decodeSafetensors(bytes, path)
  const { contents, storage, fingerprints, test } = metadata
  if ((contents !== 'tensor' && contents !== 'record') || (storage !== 'full' && storage !== 'fingerprint')) {
    throw new TensorFileError(path, 'is no snapshot: its metadata does not say what it holds')
  }
  const kind: ContentsKind = contents
  return { kind, storage, test, tensors: storage === 'full' ? tensors : putTogether(tensors, fingerprints, path) }
}

/** The part of a fingerprint that is no array. */
interface Header extends Pick<Fingerprint, 'dtype' | 'shape' | 'sha256' | 'sumAbs' | 'sumSquares'> {
  readonly nonFinite: NonFinite
}

function headersOf(tensors: Contents<Stored>['tensors']): Record<string, Header> {
  return Object.fromEntries(
    Object.entries(tensors).flatMap(([name, stored]) => {
      if (!isFingerprint(stored)) return []
      const { dtype, shape, sha256, sumAbs, sumSquares, nonFinite } = stored
      return [[name, { dtype, shape, sha256, sumAbs, sumSquares, nonFinite }]]
    }),
  )
}

function takeApart(tensors: Contents<Stored>['tensors']): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(tensors).flatMap(([name, stored]): (readonly [string, Tensor])[] =>
      isFingerprint(stored)
        ? [
            [`sketch/${name}`, vector(stored.sketch)],
            [`topAt/${name}`, vector(stored.topAt)],
            [`top/${name}`, vector(stored.top)],
            ...stored.axes.map((sums, axis) => [`axis${axis}/${name}`, vector(sums)] as const),
          ]
        : [[`full/${name}`, stored]],
    ),
  )
}

function vector(data: Float64Array): Tensor {
  return { data, shape: [data.length], dtype: 'float64' }
}

function putTogether(
  parts: Readonly<Record<string, Tensor>>,
  fingerprints: string | undefined,
  path: string,
): Record<string, Stored> {
  const headers = parseHeaders(fingerprints, path)
  const part = (name: string): Float64Array => {
    const data = own(parts, name)?.data
    if (data === undefined) throw new TensorFileError(path, `has no ${name}: the fingerprint is not complete`)
    return data as Float64Array
  }
  const full = Object.entries(parts).flatMap(([name, tensor]) =>
    name.startsWith('full/') ? [[name.slice('full/'.length), tensor] as const] : [],
  )
  const made = Object.entries(headers).map(([name, header]) => {
    const axes = header.shape.map((_, axis) => part(`axis${axis}/${name}`))
    const arrays = { sketch: part(`sketch/${name}`), topAt: part(`topAt/${name}`), top: part(`top/${name}`), axes }
    return [name, { ...header, ...arrays }] as const
  })
  return Object.fromEntries<Stored>([...full, ...made])
}

function parseHeaders(fingerprints: string | undefined, path: string): Record<string, Header> {
  try {
    return JSON.parse(fingerprints ?? '{}')
  } catch (cause) {
    throw new TensorFileError(path, 'is no snapshot: its metadata does not describe the fingerprints', { cause })
  }
}
