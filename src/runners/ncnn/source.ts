// Finds and reads the two files of an ncnn model.
import { hasFileSystem, nodeModule } from '../../files/node-modules.ts'
import { NcnnError } from './error.ts'
import type { NcnnFiles } from './options.ts'

/** A path of a `.param` (text or binary), or the contents of both files. */
export type NcnnSource = string | URL | { readonly param: string | Uint8Array; readonly bin: Uint8Array }

/**
 * Reads a model's files.
 * @param bin path of the .bin; by default the .param's path with `.bin` in place of `.param` or `.param.bin`
 */
export async function readSource(source: NcnnSource, bin?: string | URL): Promise<NcnnFiles> {
  if (typeof source === 'object' && 'param' in source) {
    if (typeof source.param !== 'string' && !ArrayBuffer.isView(source.param)) {
      throw new NcnnError('loadNcnn: `param` must be the text or the bytes of a .param file')
    }
    if (!ArrayBuffer.isView(source.bin))
      throw new NcnnError('loadNcnn: `bin` must be the bytes of a .bin file (a Uint8Array)')
    const param = typeof source.param === 'string' ? source.param : plainBytes(source.param)
    return { param, bin: plainBytes(source.bin), paramName: 'param', binName: 'bin' }
  }
  if (!hasFileSystem()) {
    throw new NcnnError(
      'loadNcnn: there are no files here. Fetch both, and give their contents: loadNcnn({ param, bin })',
    )
  }
  const paramName = toPath(source)
  if (!/\.param(\.bin)?$/.test(paramName)) {
    throw new NcnnError(`loadNcnn: expected the path of a .param (or .param.bin) file, got "${paramName}"`)
  }
  const binName = bin === undefined ? paramName.replace(/\.param(\.bin)?$/, '.bin') : toPath(bin)
  const [param, weights] = await Promise.all([
    readOrExplain(paramName, 'the network'),
    readOrExplain(binName, `the weights of ${paramName}`),
  ])
  return {
    param: /\.param$/.test(paramName) ? new TextDecoder().decode(param) : param,
    bin: weights,
    paramName,
    binName,
  }
}

/** A Buffer's `slice` shares memory where a Uint8Array's copies: readers get the latter. */
const plainBytes = ({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

const toPath = (path: string | URL): string =>
  typeof path === 'string' ? path : nodeModule('node:url').fileURLToPath(path)

async function readOrExplain(path: string, what: string): Promise<Uint8Array> {
  try {
    const bytes = await nodeModule('node:fs/promises').readFile(path)
    if (bytes.subarray(0, 19).toString('latin1') === 'version https://git') {
      throw new NcnnError(`${path} is a Git LFS pointer, not the file itself. Run: git lfs pull`)
    }
    return plainBytes(bytes)
  } catch (error) {
    if (error instanceof NcnnError) throw error
    throw new NcnnError(`cannot read ${path} (${what}): ${isTooLarge(error) ? tooLarge : messageOf(error)}`)
  }
}

const tooLarge =
  'files above 2 GiB are not loaded. Convert the model with 16-bit weights (pnnx: fp16=1), or divide it into several'

const isTooLarge = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ERR_FS_FILE_TOO_LARGE'

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
