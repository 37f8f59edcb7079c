// The error that everything about a PyTorch model throws.
import { ModelError } from '../model-error.ts'

export class TorchError extends ModelError {
  override readonly name = 'TorchError'
}
