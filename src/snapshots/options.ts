// The options of a snapshot assertion, and the two ways to call it.

import { describeValue } from '../arguments/describe.ts'
import { checkOptionNames, type OptionsOf } from '../arguments/options.ts'
import { checkOptions } from '../compare/options/check-options.ts'
import { type CompareOptions, compareOptions } from '../compare/options/options.ts'
import { reservedMetadata } from './own-metadata.ts'

/** `full` keeps every element; `fingerprint` a few kilobytes, whatever the size of the tensor. */
export type SnapshotStorage = 'full' | 'fingerprint'

export interface SnapshotOptions extends CompareOptions {
  /**
   * What is stored. Default `'full'`. A `'fingerprint'` notices drift of the tensor as a whole, of a channel or of its greatest
   * values, not of a single small element; it takes `atol`, `rtol`, `preset`, `equalNaN` and `checkDtype`.
   */
  readonly storage?: SnapshotStorage
  /**
   * Free text to store in the file, besides what it says by itself: the engine, for one, if the tensors came out of a model's run. It is
   * not compared.
   */
  readonly metadata?: Readonly<Record<string, string>>
}

const snapshotOptions = {
  ...compareOptions,
  storage: 'any',
  metadata: 'any',
} as const satisfies OptionsOf<SnapshotOptions>

export interface CheckedSnapshotOptions {
  readonly compare: CompareOptions
  readonly storage: SnapshotStorage
  readonly metadata: Readonly<Record<string, string>>
}

/** What a fingerprint can be judged by. */
const fingerprintOptions: readonly string[] = ['atol', 'rtol', 'preset', 'equalNaN', 'checkDtype']

/** The arguments of `toMatchTensorSnapshot(hint?, options?)`: the hint may be left out. */
export function parseArguments(
  first: unknown,
  second: unknown,
): { readonly hint: string | undefined; readonly options: SnapshotOptions | undefined } {
  if (typeof first === 'string') return { hint: first, options: second as SnapshotOptions | undefined }
  if (first !== undefined && second !== undefined) {
    throw new TypeError(`the hint must be a string, got ${describeValue(first)}`)
  }
  return { hint: undefined, options: (first ?? second) as SnapshotOptions | undefined }
}

/**
 * Checks the options of one assertion, the project's defaults among them.
 *
 * @throws TypeError or RangeError that names the option.
 */
export function checkSnapshotOptions(options: SnapshotOptions = {}): CheckedSnapshotOptions {
  checkOptionNames(options, snapshotOptions)
  const { storage = 'full', metadata = {}, ...compare } = options
  checkOptions(compare)
  if (storage !== 'full' && storage !== 'fingerprint') {
    throw new TypeError(`storage must be 'full' or 'fingerprint', got ${describeValue(storage)}`)
  }
  if (storage === 'fingerprint') refuseUnjudgeable(compare)
  checkMetadata(metadata)
  return { compare, storage, metadata }
}

function refuseUnjudgeable(options: CompareOptions): void {
  const given = Object.entries(options).filter(([, value]) => value !== undefined && value !== false)
  const foreign = given.find(([name]) => !fingerprintOptions.includes(name))?.[0]
  if (foreign === undefined) return
  const advice = foreign === 'normalize' || foreign === 'axis' ? ', or normalize the tensor before the assertion' : ''
  throw new TypeError(
    `a fingerprint cannot be judged by ${foreign}: use ${fingerprintOptions.join(', ')}${advice}, or storage: 'full'`,
  )
}

function checkMetadata(metadata: unknown): void {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    throw new TypeError(
      `metadata must be an object of strings such as { engine: 'wasm' }, got ${describeValue(metadata)}`,
    )
  }
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') {
      throw new TypeError(`metadata.${name} must be a string, got ${describeValue(value)}`)
    }
    if (reservedMetadata.includes(name)) {
      throw new TypeError(`metadata.${name} is written by the snapshot itself: choose another name`)
    }
  }
}
