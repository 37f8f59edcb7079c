// The error that everything about an ONNX model throws.
import { ModelError } from '../model-error.ts'

export class OnnxError extends ModelError {
  override readonly name = 'OnnxError'
}
