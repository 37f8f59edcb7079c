// Makes a report fit for JSON, which has no NaN, no infinities and no bigint: they become strings.

/** A number as JSON can hold it: what is not finite is a string. `Number(value)` reads both. */
export type JsonNumber = number | 'NaN' | 'Infinity' | '-Infinity'

export function jsonNumber(value: number): JsonNumber {
  return Number.isFinite(value) ? value : (String(value) as JsonNumber)
}

/** A deep copy made of plain objects, arrays, strings, finite numbers and booleans; undefined properties are left out. */
export function toPlainJson(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return jsonNumber(value)
  if (Array.isArray(value)) return value.map(toPlainJson)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, entry]) =>
      entry === undefined || typeof entry === 'function' ? [] : [[key, toPlainJson(entry)]],
    ),
  )
}
