// Writes a report as JSON.
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { replaceFile } from '../files/file-system.ts'
import { encodeUtf8 } from '../host/utf8.ts'
import type { Report } from './report.ts'

/** Replaces the file, or makes it, with the folders above it. */
export function writeText(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  replaceFile(path, [encodeUtf8(text)])
}

/** One line for each assertion: what changed shows in a diff. */
export function printReport({ assertions, ...head }: Report): string {
  const start = JSON.stringify(head, null, 2).replace(/\n}$/, '')
  const lines = assertions.map((assertion) => `\n    ${JSON.stringify(assertion)}`)
  return `${start},\n  "assertions": [${lines.join(',')}\n  ]\n}\n`
}
