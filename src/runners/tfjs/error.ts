// The error that everything about a TensorFlow.js model throws.

export class TfjsError extends Error {
  override readonly name = 'TfjsError'
}
