// Finds the two files of an ncnn model, reads the .param and opens the .bin.
import type { FileHandle } from 'node:fs/promises'
import { hasFileSystem, nodeModule } from '../../host/node-modules.ts'
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
  if (typeof source === 'object' && 'param' in source) {
    if (typeof source.param !== 'string' && !ArrayBuffer.isView(source.param)) {
      throw new NcnnError('loadNcnn: `param` must be the text or the bytes of a .param file')
    }
    if (!ArrayBuffer.isView(source.bin))
      throw new NcnnError('loadNcnn: `bin` must be the bytes of a .bin file (a Uint8Array)')
    const param = typeof source.param === 'string' ? source.param : plainBytes(source.param)
    return use({ param, bin: bytesSource(plainBytes(source.bin), 'bin'), paramName: 'param' })
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
  const param = await orExplain(paramName, 'the network', () => readParam(paramName))
  return withWeights(binName, `the weights of ${paramName}`, (weights) =>
    use({ param: /\.param$/.test(paramName) ? new TextDecoder().decode(param) : param, bin: weights, paramName }),
  )
}

/** A Buffer's `slice` shares memory where a Uint8Array's copies: readers get the latter. */
const plainBytes = ({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

const toPath = (path: string | URL): string =>
  typeof path === 'string' ? path : nodeModule('node:url').fileURLToPath(path)

async function readParam(path: string): Promise<Uint8Array> {
  const bytes = plainBytes(await nodeModule('node:fs/promises').readFile(path))
  refuseLfsPointer(path, bytes)
  return bytes
}

/** @param what what the file is, for messages */
async function withWeights<Result>(
  path: string,
  what: string,
  use: (weights: WeightSource) => Promise<Result>,
): Promise<Result> {
  const file = await orExplain(path, what, () => nodeModule('node:fs/promises').open(path))
  try {
    const weights = await orExplain(path, what, () => fileSource(file, path, what))
    return await use(weights)
  } finally {
    await file.close()
  }
}

/** What cannot be read at any place, a pipe for instance, is read at once. */
async function fileSource(file: FileHandle, path: string, what: string): Promise<WeightSource> {
  const stats = await file.stat()
  const source = stats.isFile()
    ? regularFile(file.fd, stats.size, path, what)
    : bytesSource(plainBytes(await file.readFile()), path)
  const start = new Uint8Array(Math.min(lfsPointerStart.length, source.size))
  source.read(0, start)
  refuseLfsPointer(path, start)
  return source
}

/** Above 2 GiB a single read fails on some systems. */
const mostBytesAtOnce = 2 ** 30

function regularFile(descriptor: number, size: number, path: string, what: string): WeightSource {
  const { readSync } = nodeModule('node:fs')
  const read = (offset: number, target: Uint8Array): void => {
    try {
      for (let done = 0; done < target.length; ) {
        const count = readSync(descriptor, target, done, Math.min(target.length - done, mostBytesAtOnce), offset + done)
        if (count === 0) throw new Error(`it ended at byte ${offset + done}; another process changed it`)
        done += count
      }
    } catch (error) {
      throw explained(error, path, what)
    }
  }
  const readAll = (): Uint8Array => {
    const bytes = new Uint8Array(size)
    read(0, bytes)
    return bytes
  }
  return { name: path, size, read, readAll }
}

const lfsPointerStart = 'version https://git'

function refuseLfsPointer(path: string, bytes: Uint8Array): void {
  if (new TextDecoder().decode(bytes.subarray(0, lfsPointerStart.length)) !== lfsPointerStart) return
  throw new NcnnError(`${path} is a Git LFS pointer, not the file itself. Run: git lfs pull`)
}

async function orExplain<Result>(path: string, what: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw explained(error, path, what)
  }
}

function explained(error: unknown, path: string, what: string): NcnnError {
  if (error instanceof NcnnError) return error
  return new NcnnError(`cannot read ${path} (${what}): ${error instanceof Error ? error.message : String(error)}`)
}
