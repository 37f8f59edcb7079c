// The error that everything about an ONNX model throws.

export class OnnxError extends Error {
  override readonly name = 'OnnxError'
}
