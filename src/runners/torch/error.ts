// The error that everything about a PyTorch model throws.

export class TorchError extends Error {
  override readonly name = 'TorchError'
}
