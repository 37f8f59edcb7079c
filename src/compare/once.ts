// Puts a computation off until its result is first wanted, and keeps the result.

export function once<Result>(compute: () => Result): () => Result {
  let kept: { readonly result: Result } | undefined
  return () => {
    kept ??= { result: compute() }
    return kept.result
  }
}
