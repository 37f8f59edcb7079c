// The error of an analysis that cannot be made.

export class AnalysisError extends Error {
  override readonly name = 'AnalysisError'
}
