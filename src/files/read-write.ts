// Reads and writes tensor files by extension, synchronously: matchers and snapshots cannot wait. `index.ts` is the public face.

import { checkOptionNames, type OptionsOf } from '../arguments/options.ts'
import { quoteNames } from '../tensor/quote-names.ts'
import type { Tensor, TensorLike } from '../tensor/tensor.ts'
import { TensorFileError } from './error.ts'
import { replaceFile, tensorPath, withFile } from './file-system.ts'
import {
  type EncodeOptions,
  encodeOptions,
  namedTensors,
  nameInErrors,
  stemOf,
  type TensorFormat,
  writable,
} from './format.ts'
import { npy } from './npy.ts'
import { npz } from './npz.ts'
import { safetensors } from './safetensors.ts'

const formats: Readonly<Record<string, TensorFormat>> = {
  '.npy': npy,
  '.npz': npz,
  '.safetensors': safetensors,
}

/** The extensions of tensor files that can be read and written. */
export const tensorFileExtensions: readonly string[] = Object.keys(formats)

export interface ReadTensorOptions {
  /** Which tensor of the file. Needed when it holds several. */
  readonly name?: string
}

const readTensorOptions = { name: 'string' } as const satisfies OptionsOf<ReadTensorOptions>

export interface WriteTensorOptions extends EncodeOptions {
  /** What the tensor is called in the file. Default: like the file, without folder and extension. */
  readonly name?: string
}

const writeTensorOptions = { ...encodeOptions, name: 'string' } as const satisfies OptionsOf<WriteTensorOptions>

function formatOf(path: string, purpose: 'read' | 'write' = 'read'): TensorFormat {
  const extension = /\.[^./\\]+$/.exec(path)?.[0].toLowerCase() ?? ''
  const format = Object.hasOwn(formats, extension) ? formats[extension] : undefined
  if (format !== undefined) return format
  const remedy = purpose === 'write' ? undefined : remedies.find(([extensions]) => extensions.includes(extension))?.[1]
  throw new TensorFileError(
    path,
    `expected a file name that ends in ${tensorFileExtensions.join(', ')}, found ${extension ? `"${extension}"` : 'no extension'}` +
      (remedy === undefined ? '' : `. ${remedy}`),
    { code: 'unknown-format' },
  )
}

/** What else tensors are kept in, and the way from there. */
const remedies: readonly (readonly [extensions: readonly string[], remedy: string])[] = [
  [['.bin', '.raw', '.dat'], 'Bytes alone have no shape and no dtype: tensor(new Float32Array(arrayBuffer), shape)'],
  [['.json'], 'Of numbers in JSON: tensor(JSON.parse(text))'],
  [['.csv', '.txt'], 'In Python, numpy.save("x.npy", numpy.loadtxt(path))'],
  [
    ['.pt', '.pth', '.pkl', '.pickle'],
    'A pickle could run any code: save its tensors with safetensors.torch.save_file or numpy.savez',
  ],
  [['.h5', '.hdf5', '.mat'], 'In Python, read the arrays and save them with numpy.savez'],
  [['.pb'], 'In Python, numpy.save("x.npy", onnx.numpy_helper.to_array(onnx.load_tensor(path)))'],
  [['.gz', '.zst', '.xz', '.bz2'], 'Decompress it first'],
]

/** See {@link readTensor}. */
export function readTensorSync(file: string | URL, options: ReadTensorOptions = {}): Tensor {
  checkOptionNames(options, readTensorOptions, { name: 'readTensor' })
  const path = tensorPath(file)
  const format = formatOf(path)
  return withFile(path, (source) => {
    const { names, read } = format.open(source)
    if (options.name !== undefined) return read(options.name)
    const [only] = names
    if (only === undefined) throw new TensorFileError(path, 'holds no tensor', { code: 'no-such-tensor' })
    if (names.length === 1) return read(only)
    throw new TensorFileError(
      path,
      `holds ${names.length} tensors: ${quoteNames(names)}. Choose one with readTensor(path, { name: ${JSON.stringify(only)} }), ` +
        `on a command line ${JSON.stringify(`${path}:${only}`)}, or read them all with readTensors(path)`,
      { code: 'no-such-tensor' },
    )
  })
}

/** See {@link readTensors}. */
export function readTensorsSync(file: string | URL): Record<string, Tensor> {
  const path = tensorPath(file)
  const format = formatOf(path)
  return withFile(path, (source) => {
    const { names, read } = format.open(source)
    // fromEntries, so that a tensor called `__proto__` is a tensor.
    return Object.fromEntries(names.map((name) => [name, read(name)]))
  })
}

/**
 * Hands over the tensors of a file one after the other: no more than one of them is in memory.
 * @returns the file's metadata
 */
export function visitTensorsSync(
  file: string | URL,
  visit: (name: string, tensor: Tensor) => void,
): Readonly<Record<string, string>> {
  const path = tensorPath(file)
  const format = formatOf(path)
  return withFile(path, (source) => {
    const { names, metadata, read } = format.open(source)
    for (const name of names) visit(name, read(name))
    return metadata
  })
}

/** See {@link writeTensor}. */
export function writeTensorSync(file: string | URL, tensor: TensorLike, options: WriteTensorOptions = {}): void {
  checkOptionNames(options, writeTensorOptions, { name: 'writeTensor' })
  const path = tensorPath(file)
  const format = formatOf(path, 'write')
  const { name = stemOf(path), ...rest } = options
  replaceFile(path, format.encode(new Map([[name, writable(tensor, nameInErrors(name), path)]]), path, rest))
}

/** See {@link writeTensors}. */
export function writeTensorsSync(
  file: string | URL,
  tensors: Readonly<Record<string, TensorLike>>,
  options: EncodeOptions = {},
): void {
  checkOptionNames(options, encodeOptions, { name: 'writeTensors' })
  const path = tensorPath(file)
  const format = formatOf(path, 'write')
  replaceFile(path, format.encode(namedTensors(tensors, 'writeTensors', path), path, options))
}
