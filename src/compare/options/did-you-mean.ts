// "did you mean 'rtol'?": the known name nearest to a misspelt one.

/** Levenshtein distance: insertions, deletions and replacements that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const replace = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      current.push(Math.min(replace, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1))
    }
    previous = current
  }
  return previous[b.length] ?? 0
}

/** ` (did you mean 'rtol'?)`, or the empty string when no candidate is near. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const plain = (text: string) => text.toLowerCase().replace(/[-_\s]/g, '')
  let nearest: string | undefined
  let least = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(plain(word), plain(candidate))
    if (distance < least) {
      least = distance
      nearest = candidate
    }
  }
  return nearest === undefined ? '' : ` (did you mean '${nearest}'?)`
}
