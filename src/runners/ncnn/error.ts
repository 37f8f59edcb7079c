// The error that everything about an ncnn model throws: a bad file, a bad input, an operator that cannot go on.

export class NcnnError extends Error {
  override readonly name = 'NcnnError'
}
