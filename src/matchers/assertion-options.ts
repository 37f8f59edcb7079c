// The options of an assertion besides those of its comparison: its own words, and where to keep what fails.
import type { OptionsOf } from '../arguments/options.ts'
import { type CompareOptions, compareOptions } from '../compare/options/options.ts'

export interface AssertionOptions extends CompareOptions {
  /** Printed first when the assertion fails. */
  readonly message?: string
  /**
   * Folder in which to keep the tensors of this assertion when it fails, actual and reference as one `.safetensors`. By default the one that
   * the environment variable `EXPECT_TENSOR_SAVE_FAILURES` names.
   */
  readonly saveFailures?: string
}

export interface RecordOptions extends AssertionOptions {
  /** Options for single tensors by name, over those for all: `{ logits: { atol: 1e-2 } }`. */
  readonly tolerances?: Readonly<Record<string, CompareOptions>>
}

export const assertionOptions = {
  ...compareOptions,
  message: 'string',
  saveFailures: 'string',
} as const satisfies OptionsOf<AssertionOptions>

export const recordOptions = { ...assertionOptions, tolerances: 'any' } as const satisfies OptionsOf<RecordOptions>

/** A failure with the test's own words before it. */
export const introduced = (message: string | undefined, failure: string): string =>
  message === undefined ? failure : `${message}\n\n${failure}`
