// Says in a few words what a value is, for errors about something that is not what it should be.

/** `a string ("abc")`, `a Promise`, `an object with the keys out0, out1`: enough to recognise the mistake. */
export function describeValue(value: unknown): string {
  if (value === null) return 'null'
  if (value === undefined) return 'undefined'
  if (typeof value === 'string')
    return `the string ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`
  if (typeof value === 'function') return `a function${value.name ? ` (${value.name})` : ''}`
  if (typeof value !== 'object') return `the ${typeof value} ${String(value)}`
  if (Array.isArray(value)) return 'an array'
  // the class of a typed array, whatever realm made it
  const name = Object.prototype.toString.call(value).slice(8, -1)
  if (name !== 'Object') return withArticle(name)
  const keys = Object.keys(value)
  if (keys.length === 0) return 'an empty object'
  const serialized = keys.every((key, i) => key === String(i)) ? ' (a typed array that went through JSON?)' : ''
  return `an object with the ${keys.length === 1 ? 'key' : 'keys'} ${keys.slice(0, 5).join(', ')}${keys.length > 5 ? ', …' : ''}${serialized}`
}

/** `a Float32Array`, `an Int8Array`. */
export function withArticle(name: string): string {
  return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`
}
