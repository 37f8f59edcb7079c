// The error that everything about an ncnn model throws: a bad file, a bad input, an operator that cannot go on.
import { ModelError } from '../model-error.ts'

export class NcnnError extends ModelError {
  override readonly name = 'NcnnError'
}
