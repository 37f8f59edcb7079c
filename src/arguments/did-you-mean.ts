// "did you mean 'rtol'?": the known name nearest to a misspelt one.

/**
 * Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`: the restricted edit distance of Damerau (A technique
 * for computer detection and correction of spelling errors, 1964).
 */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1]
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      current.push(
        Math.min(
          previous[j - 1] + (isSame ? 0 : 1),
          previous[j] + 1,
          current[j - 1] + 1,
          isSwapped ? beforePrevious[j - 2] + 1 : Infinity,
        ),
      )
    }
    beforePrevious = previous
    previous = current
  }
  return previous[b.length]
}

/** The name without what only a way of writing adds: `use_fp16_storage` and `useFp16Storage` are one. */
const plain = (text: string): string => text.toLowerCase().replace(/[-_\s]/g, '')

/** A name of which only the beginning was written is as near as one with a wrong letter. */
const distanceBetween = (word: string, name: string): number =>
  word.length >= 3 && name.length > word.length && name.startsWith(word) ? 1 : editDistance(word, name)

/** The candidate that a third of the letters, or one, tell from `word`; the first of those that are equally near. */
export function nearest<Candidate>(
  word: string,
  candidates: readonly Candidate[],
  nameOf: (candidate: Candidate) => string,
): Candidate | undefined {
  let found: Candidate | undefined
  let least = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = distanceBetween(plain(word), plain(nameOf(candidate)))
    if (distance < least) {
      least = distance
      found = candidate
    }
  }
  return found
}

/** ` (did you mean 'rtol'?)`, or the empty string when no candidate is near. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const found = nearest(word, candidates, (name) => name)
  return found === undefined ? '' : ` (did you mean '${found}'?)`
}
