// The error that everything about a LiteRT model throws.
import { ModelError } from '../model-error.ts'

export class LitertError extends ModelError {
  override readonly name = 'LitertError'
}
