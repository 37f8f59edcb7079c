// NumPy's .npz: a zip archive with one .npy file per named array. Knows nothing of the file system.
import { type Zippable, zipSync } from 'fflate'
import { checkOptionNames } from '../arguments/options.ts'
import { encodeUtf8 } from '../host/utf8.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { TensorFileError } from './error.ts'
import { concatenate, isWellFormed, lookUp, namedTensors, refuseOptions, type TensorFormat } from './format.ts'
import { isNpy, npyMagicBytes, npyPieces, openNpy } from './npy.ts'
import { type ByteSource, memorySource } from './source.ts'
import { listMembers, openMember, type ZipMember } from './zip.ts'

const extension = '.npy'

// fflate writes no zip64 records: sizes and offsets have 32 bits, the count of members 16.
const maxArchiveBytes = 2 ** 32 - 1
const maxMembers = 2 ** 16 - 1
const maxNameBytes = 2 ** 16 - 1

// The first date a zip can hold: the same tensors give the same bytes on every day, as with numpy.
const noDate = new Date(1980, 0, 1)

function checkName(name: string, target: string): void {
  if (name === '' || name.includes('\0') || !isWellFormed(name)) {
    throw new TensorFileError(target, `${JSON.stringify(name)} cannot be the name of an array in a .npz file`, {
      code: 'cannot-hold',
    })
  }
  if (encodeUtf8(name).length + extension.length > maxNameBytes) {
    throw new TensorFileError(
      target,
      `the name ${JSON.stringify(`${name.slice(0, 20)}...`)} is too long for a .npz file`,
      { code: 'cannot-hold' },
    )
  }
}

/** Whether a member that is not called so is an array all the same, as far as it can be read. */
function beginsLikeNpy(source: ByteSource, member: ZipMember): boolean {
  try {
    return isNpy(openMember(source, member, member.name).read(0, Math.min(npyMagicBytes, member.size)))
  } catch {
    return false
  }
}

export const npz: TensorFormat = {
  open(source) {
    const members = new Map<string, ZipMember>()
    const others: string[] = []
    // Members that are no arrays are left alone, as numpy leaves them.
    for (const member of listMembers(source)) {
      const isNamedSo = member.name.endsWith(extension)
      if (!isNamedSo && !beginsLikeNpy(source, member)) {
        others.push(member.name)
        continue
      }
      const name = isNamedSo ? member.name.slice(0, -extension.length) : member.name
      if (members.has(name)) throw new TensorFileError(source.name, `has two arrays called ${JSON.stringify(name)}`)
      members.set(name, member)
    }
    const ambiguous = others.find((name) => members.has(name))
    if (ambiguous !== undefined) {
      const [name, array] = [ambiguous, ambiguous + extension].map((text) => JSON.stringify(text))
      throw new TensorFileError(
        source.name,
        `has a member ${name} beside the array ${array}: which of them ${name} is, is not sure`,
      )
    }
    return {
      names: [...members.keys()],
      metadata: {},
      read(name) {
        const member = lookUp(members, name, source.name)
        return openNpy(openMember(source, member, `${source.name}, array ${JSON.stringify(name)}`))()
      },
    }
  },
  encode(tensors, target, options) {
    refuseOptions(options, ['metadata'], target)
    if (tensors.size > maxMembers) {
      throw new TensorFileError(
        target,
        `${tensors.size} arrays are more than the ${maxMembers} of a .npz file; use .safetensors`,
        { code: 'cannot-hold' },
      )
    }
    const members: Zippable = {}
    let size = 0
    for (const [name, tensor] of tensors) {
      checkName(name, target)
      const pieces = npyPieces(tensor, `${target}, array ${JSON.stringify(name)}`)
      // Local header, directory entry and end record stay below this.
      size += pieces.reduce((sum, piece) => sum + piece.length, 256 + 2 * (name.length * 3 + extension.length))
      if (size > maxArchiveBytes)
        throw new TensorFileError(target, 'the arrays take more than the 4 GiB of a .npz file; use .safetensors', {
          code: 'cannot-hold',
        })
      members[name + extension] = [concatenate(pieces), { level: options.compress ? 6 : 0 }]
    }
    return [zipSync(members, { mtime: noDate })]
  },
}

/**
 * Decodes the bytes of a .npz file, stored or deflated. Every checksum is verified; encrypted and split archives are refused.
 * Formats: https://numpy.org/doc/stable/reference/generated/numpy.savez.html, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 * @param source names the bytes in errors
 * @throws TensorFileError
 */
export function decodeNpz(bytes: Uint8Array | ArrayBuffer, source = '.npz bytes'): Record<string, Tensor> {
  const { names, read } = npz.open(memorySource(bytes, source))
  return Object.fromEntries(names.map((name) => [name, read(name)]))
}

/**
 * The bytes of a .npz file: the same for the same tensors, whenever they are written.
 * @param options.compress deflate the arrays, like numpy.savez_compressed
 * @throws TensorFileError for bfloat16, which .npy does not have, and beyond 4 GiB
 */
export function encodeNpz(
  tensors: Readonly<Record<string, Tensor>>,
  options: { readonly compress?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  checkOptionNames(options, { compress: 'boolean' }, { name: 'encodeNpz' })
  return concatenate(npz.encode(namedTensors(tensors, 'encodeNpz', '.npz bytes'), '.npz bytes', options))
}
