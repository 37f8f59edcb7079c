// Reads report.json, and refuses what is something else.
import { readFileSync } from 'node:fs'
import { reasonOf } from '../host/reason.ts'
import { type Report, reportSchema } from './report.ts'

/** @throws Error that says which file is no report, and why */
export function readReport(path: string): Report {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new Error(`${path}: cannot read it: ${reasonOf(cause)}`, { cause })
  }
  return parseReport(text, path)
}

/** @param name what errors call it */
export function parseReport(text: string, name: string): Report {
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch (cause) {
    throw new Error(`${name} is no report: ${reasonOf(cause)}`, { cause })
  }
  if (isReport(found)) return found
  const schema = typeof found === 'object' && found !== null && 'schema' in found ? found.schema : undefined
  throw new Error(
    typeof schema === 'string' && schema.startsWith('expect-tensor/report@') && schema !== reportSchema
      ? `${name} is a report of another version, ${schema}: this version of expect-tensor reads ${reportSchema}`
      : `${name} is no report of expect-tensor`,
  )
}

const isReport = (value: unknown): value is Report =>
  typeof value === 'object' &&
  value !== null &&
  'schema' in value &&
  value.schema === reportSchema &&
  'run' in value &&
  'summary' in value &&
  'assertions' in value &&
  Array.isArray(value.assertions)
