// The error that everything about a TensorFlow.js model throws.
import { ModelError } from '../model-error.ts'

export class TfjsError extends ModelError {
  override readonly name = 'TfjsError'
}
