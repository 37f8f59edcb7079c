// Text that does nothing to a terminal: names in messages come out of model files and tests of other people.

const longestLine = 2000

/** Control characters, but line ends, as `\\x1b`; no line longer than some screens. */
export function printable(text: string): string {
  return text
    .replace(/[^\P{Cc}\n]/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
    .split('\n')
    .map((line) => (line.length > longestLine ? `${line.slice(0, longestLine)}… (${line.length} characters)` : line))
    .join('\n')
}
