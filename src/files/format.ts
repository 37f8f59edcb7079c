// What a file format has to offer. Each format is one module with one `TensorFormat`.
import { describeValue } from '../arguments/describe.ts'
import type { OptionsOf } from '../arguments/options.ts'
import { reasonOf } from '../host/reason.ts'
import { quoteNames } from '../tensor/quote-names.ts'
import type { Tensor, TensorLike } from '../tensor/tensor.ts'
import { isTensorRecordOrEmpty } from '../tensor/tensor-record.ts'
import { toTensor } from '../tensor/to-tensor.ts'
import { TensorFileError } from './error.ts'
import type { ByteSource } from './source.ts'

/** An opened file: its directory is read and checked, the elements are read when asked for. */
interface TensorFile {
  readonly names: readonly string[]
  /** Free text stored beside the tensors; only .safetensors has any. */
  readonly metadata: Readonly<Record<string, string>>
  /** Reads one tensor into memory of its own. `name` must be one of `names`. */
  read(name: string): Tensor
}

export interface EncodeOptions {
  /** Free text to store beside the tensors. Only .safetensors holds any. */
  readonly metadata?: Readonly<Record<string, string>>
  /** Deflate the arrays, like `numpy.savez_compressed`. Only for .npz. Default false. */
  readonly compress?: boolean
}

export const encodeOptions = { metadata: 'any', compress: 'boolean' } as const satisfies OptionsOf<EncodeOptions>

export interface TensorFormat {
  /** Reads what the file declares and checks it against the bytes that are there. */
  open(source: ByteSource): TensorFile
  /**
   * The file's bytes, in pieces to be written one after the other (tensors are not copied into one buffer).
   * Checks everything before it returns. `target` names the file in errors.
   */
  encode(tensors: ReadonlyMap<string, Tensor>, target: string, options: EncodeOptions): Uint8Array[]
}

/**
 * The tensors of a file to be written, whose data fit their shapes and dtypes.
 *
 * @param caller what was called, for messages: `writeTensors`
 * @param target the file, for messages
 */
export function namedTensors(tensors: unknown, caller: string, target: string): Map<string, Tensor> {
  if (isTensorRecordOrEmpty(tensors)) {
    return new Map(Object.entries(tensors).map(([name, like]) => [name, writable(like, nameInErrors(name), target)]))
  }
  throw new TypeError(`${caller}: expected tensors by name, such as { in0: tensor }, got ${describeValue(tensors)}`)
}

export const nameInErrors = (name: string): string => `tensor ${JSON.stringify(name)}`

/** A tensor to be written, whose data fit its shape and dtype. */
export function writable(like: TensorLike, name: string, target: string): Tensor {
  try {
    return toTensor(like, { name })
  } catch (cause) {
    throw new TensorFileError(target, reasonOf(cause), { code: 'cannot-hold', cause })
  }
}

/** The value stored for `name`, or an error that lists the names there are. */
export function lookUp<T>(entries: ReadonlyMap<string, T>, name: string, source: string): T {
  const entry = entries.get(name)
  if (entry === undefined) {
    throw new TensorFileError(
      source,
      `has no tensor ${JSON.stringify(name)}; found ${quoteNames([...entries.keys()])}`,
      { code: 'no-such-tensor' },
    )
  }
  return entry
}

/** What a file without names calls its one tensor: the file's name without folder and extension. */
export function stemOf(path: string): string {
  const base = path.replace(/^.*[\\/]/s, '')
  return base.replace(/\.[^.]*$/, '')
}

/** Refuses an option that the format cannot honour: dropping it would lose what the caller wanted kept. */
export function refuseOptions(
  options: EncodeOptions,
  unsupported: readonly (keyof EncodeOptions)[],
  target: string,
): void {
  for (const option of unsupported) {
    if (options[option]) {
      throw new TensorFileError(
        target,
        option === 'metadata'
          ? 'only .safetensors files hold metadata'
          : `only .npz files can be written with \`${option}\``,
        { code: 'cannot-hold' },
      )
    }
  }
}

/** Whether `text` is valid Unicode, which is all that UTF-8 can store: half a surrogate pair would come back as another character. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}

/** One buffer from many pieces. */
export function concatenate(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
