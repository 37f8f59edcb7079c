// The path of a file that may be given as a path or as a file: URL.
import { nodeModule } from './node-modules.ts'

/**
 * The path of a file that may be given as a `file:` URL, as an object or as a string (what `import.meta.resolve` returns).
 *
 * @param what what the file is, for the message: `a tensor file`
 * @param caller who asks for it, for the message: `loadOnnx`
 * @throws TypeError for anything else
 */
export function toPath(file: string | URL, what: string, caller?: string): string {
  const given: unknown = file
  const expected = `${caller === undefined ? '' : `${caller}: `}expected the path or file: URL of ${what}`
  if (typeof given === 'string' && given !== '') return given.startsWith('file:') ? fromFileUrl(given, expected) : given
  if (typeof given === 'object' && given !== null && 'href' in given) return fromFileUrl(String(given.href), expected)
  throw new TypeError(`${expected}, found ${describe(given)}`)
}

function fromFileUrl(url: string, expected: string): string {
  try {
    return nodeModule('node:url').fileURLToPath(url)
  } catch (cause) {
    throw new TypeError(`${expected}, found ${url}`, { cause })
  }
}

function describe(given: unknown): string {
  if (given === '') return 'an empty string'
  if (given === null) return 'null'
  return typeof given === 'object' && 'then' in given ? 'a Promise: await it first' : typeof given
}
