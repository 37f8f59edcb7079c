// The errors of everything that loads and runs models: a message for people, a code for programs.
import { printable } from '../host/printable.ts'

/**
 * - `not-found`: a file of the model is not there
 * - `unreadable`: a file is a folder, a pipe or a device, there is no permission, or it changed while it was being read
 * - `git-lfs`: a file is a Git LFS pointer; `git lfs pull` fetches it
 * - `malformed`: a file is no model of this kind, or its parts contradict each other
 * - `truncated`: a file ends before what it declares
 * - `unsupported`: the model, or an option, needs what this runtime, engine or machine does not have
 * - `wrong-option`: an option or argument cannot be right
 * - `wrong-input`: what is fed or asked for does not fit the model: an unknown or missing name, a wrong shape
 * - `missing-dependency`: a package, library or interpreter is not installed, or cannot be loaded
 * - `runtime-failed`: the runtime refused the model, or failed while it ran it
 * - `crashed`: the runtime itself crashed, or its process was ended from outside
 * - `timeout`: the runtime did not answer in time
 * - `out-of-memory`: more memory is needed than there is, or than was allowed
 * - `closed`: the model was closed
 */
export type ModelErrorCode = (typeof modelErrorCodes)[number]

export const modelErrorCodes = [
  'not-found',
  'unreadable',
  'git-lfs',
  'malformed',
  'truncated',
  'unsupported',
  'wrong-option',
  'wrong-input',
  'missing-dependency',
  'runtime-failed',
  'crashed',
  'timeout',
  'out-of-memory',
  'closed',
] as const

export interface ModelErrorOptions extends ErrorOptions {
  /** Default: `malformed`. */
  readonly code?: ModelErrorCode
}

/** What the errors of all runtimes have in common. */
export class ModelError extends Error {
  override readonly name: string = 'ModelError'
  /** What went wrong, for programs. */
  readonly code: ModelErrorCode

  constructor(message: string, { code = 'malformed', ...options }: ModelErrorOptions = {}) {
    super(printable(message), options)
    this.code = code
  }
}

/** One runtime's kind of error. */
export type ModelErrorClass = new (message: string, options?: ModelErrorOptions) => ModelError
