// The error that everything about a recording throws.

export class RecordingError extends Error {
  override readonly name = 'RecordingError'
}
