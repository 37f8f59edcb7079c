// The error that everything about a recording throws.
import { ModelError } from '../runners/model-error.ts'

export class RecordingError extends ModelError {
  override readonly name = 'RecordingError'
}
