// The arguments of an assertion as plain data, whatever they are: the options may be wrong, and then a tensor may stand for them.

import { describeValue } from '../arguments/describe.ts'
import { type JsonNumber, jsonNumber } from '../compare/json.ts'

export type GivenValue = JsonNumber | string | boolean | null | readonly JsonNumber[] | Given

export interface Given {
  readonly [name: string]: GivenValue
}

const longestList = 16
/** `options.metrics.cosine` */
const deepest = 2

/** Arguments and options that are undefined count as not given. Functions become their names, anything large a description. */
export function plainGiven(values: Readonly<Record<string, unknown>>, depth = 0): Given {
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given.map(([name, value]) => [name, plainValue(value, depth)]))
}

function plainValue(value: unknown, depth: number): GivenValue {
  if (typeof value === 'number') return jsonNumber(value)
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value
  if (typeof value === 'function') return value.name || 'function'
  if (Array.isArray(value) && value.length <= longestList && value.every((entry) => typeof entry === 'number')) {
    return value.map(jsonNumber)
  }
  return isPlainObject(value) && depth < deepest ? plainGiven(value, depth + 1) : describeValue(value)
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  // that of another realm has no prototype itself
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
