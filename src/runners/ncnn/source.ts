// Finds the two files of an ncnn model, reads the .param and opens the .bin.
import { hasFileSystem } from '../../host/node-modules.ts'
import { openFile, readAll } from '../../host/open-file.ts'
import { decodeText } from '../../host/utf8.ts'
import { modelPath, readModelFile, unreadable } from '../model-file.ts'
import { NcnnError } from './error.ts'
import type { NcnnFiles } from './options.ts'
import { bytesSource, type WeightSource } from './weight-source.ts'

/** A path of a `.param` (text or binary), or the contents of both files. */
export type NcnnSource = string | URL | { readonly param: string | Uint8Array; readonly bin: Uint8Array }

/**
 * Opens a model's files for `use`, and closes them.
 * @param bin path of the .bin; by default the .param's path with `.bin` in place of `.param` or `.param.bin`
 */
export async function withFiles<Result>(
  source: NcnnSource,
  bin: string | URL | undefined,
  use: (files: NcnnFiles) => Promise<Result>,
): Promise<Result> {
  if (typeof source === 'object' && source !== null && 'param' in source) {
    if (typeof source.param !== 'string' && !ArrayBuffer.isView(source.param)) {
      throw new NcnnError('loadNcnn: `param` must be the text or the bytes of a .param file', { code: 'wrong-option' })
    }
    if (!ArrayBuffer.isView(source.bin)) {
      throw new NcnnError('loadNcnn: `bin` must be the bytes of a .bin file (a Uint8Array)', { code: 'wrong-option' })
    }
    const param = typeof source.param === 'string' ? source.param : plainBytes(source.param)
    return use({ param, bin: bytesSource(plainBytes(source.bin), 'bin'), paramName: 'param' })
  }
  if (!hasFileSystem()) {
    throw new NcnnError(
      'loadNcnn: there are no files here. Fetch both, and give their contents: loadNcnn({ param, bin })',
      { code: 'unsupported' },
    )
  }
  const paramName = modelPath(source)
  if (!/\.param(\.bin)?$/.test(paramName)) {
    throw new NcnnError(`loadNcnn: expected the path of a .param (or .param.bin) file, got "${paramName}"`, {
      code: 'wrong-option',
    })
  }
  const binName = bin === undefined ? paramName.replace(/\.param(\.bin)?$/, '.bin') : modelPath(bin)
  const param = readModelFile(paramName, 'the network', NcnnError)
  return withWeights(binName, `the weights of ${paramName}`, (weights) =>
    use({ param: /\.param$/.test(paramName) ? decodeText(param) : param, bin: weights, paramName }),
  )
}

/** A Buffer's `slice` shares memory where a Uint8Array's copies: readers get the latter. */
const plainBytes = ({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** @param what what the file is, for messages */
async function withWeights<Result>(
  path: string,
  what: string,
  use: (weights: WeightSource) => Promise<Result>,
): Promise<Result> {
  const explaining = <Value>(work: () => Value): Value => {
    try {
      return work()
    } catch (error) {
      throw unreadable(error, path, what, NcnnError)
    }
  }
  const file = explaining(() => openFile(path))
  try {
    return await use({
      name: path,
      size: file.size,
      read: (offset, target) => explaining(() => file.read(offset, target)),
      readAll: () => explaining(() => readAll(file)),
    })
  } finally {
    file.close()
  }
}
