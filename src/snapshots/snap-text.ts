// The text of a .snap file, as both runners write it: comments, and entries that assign one template literal each.
import { snapshotFilePattern } from './file-names.ts'

const literal = String.raw`\`([^\`\\]*(?:\\[^][^\`\\]*)*)\``
/** An entry begins a line, or follows another where a merge or an edit has lost the end of the line. */
const entryPattern = new RegExp(String.raw`(?<=^|;)exports\[${literal}\] = ${literal};`, 'gm')

/** The names of all tensor files that a text mentions. */
export function filesNamedIn(text: string): Set<string> {
  return new Set(text.match(new RegExp(snapshotFilePattern, 'g')) ?? [])
}

/**
 * What is wrong with a .snap: the words that follow its name, or undefined. Runners read one that is no JavaScript as empty, and one
 * that throws half-way up to there. `isRead` says whether the runner has an entry; without it, no runner is asked.
 */
export function damageOf(text: string, isRead: (key: string) => boolean = () => true): string | undefined {
  if (text.trim() === '') return 'is empty'
  const mistake = syntaxError(text)
  if (mistake !== undefined) return `is cut off, has unresolved merge conflicts or was damaged otherwise (${mistake})`
  const entries = Array.from(
    text.matchAll(entryPattern),
    ([, key = '', value = '']) => [unescapeLiteral(key), value] as const,
  )
  const [keys, repeated] = [new Set<string>(), new Set<string>()]
  for (const [key] of entries) (keys.has(key) ? repeated : keys).add(key)
  for (const [key, value] of entries) {
    if (filesNamedIn(value).size === 0) continue
    if (repeated.has(key)) return `has two snapshots called "${key}"`
    if (!isRead(key)) return `has a snapshot "${key}" that the test runner could not read`
  }
  const [lost] = filesNamedIn(text.replace(entryPattern, ''))
  return lost === undefined ? undefined : `mentions ${lost} outside of any snapshot`
}

/** Parses as the runners do, and executes nothing. */
function syntaxError(text: string): string | undefined {
  try {
    new Function('exports', text)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/** A template literal's characters, by the escapes that runners write, and with the line ends that JavaScript reads. */
function unescapeLiteral(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(/\\([`\\]|\$(?=\{))/g, '$1')
}
