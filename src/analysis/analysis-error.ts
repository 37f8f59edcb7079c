// The error of an analysis that cannot be made: a message for people, a code for programs.

/**
 * - `wrong-input`: what both models are to be fed is missing, does not fit the model, or is not one tensor for each
 * - `wrong-option`: an option names what there is not
 * - `reference-failed`: the reference refuses its inputs, or fails; `cause` has its own error
 * - `not-comparable`: nothing of one model is the counterpart of something in the other
 * - `unsupported`: the analysis needs what this runtime's models cannot do
 */
export type AnalysisErrorCode = 'wrong-input' | 'wrong-option' | 'reference-failed' | 'not-comparable' | 'unsupported'

export class AnalysisError extends Error {
  override readonly name = 'AnalysisError'
  /** What went wrong, for programs. */
  readonly code: AnalysisErrorCode

  constructor(message: string, { code, ...options }: ErrorOptions & { readonly code: AnalysisErrorCode }) {
    super(message, options)
    this.code = code
  }
}
