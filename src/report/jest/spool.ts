// Reads what Jest's test files left for the reporter: lines of JSON in a folder, one file for each worker.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SpoolEntry } from './spool-entry.ts'

/** In the order of each worker. */
export function readSpool(folder: string): SpoolEntry[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .flatMap((line) => parseLine(line) ?? [])
}

/** A worker that was killed leaves its last line unfinished. */
function parseLine(line: string): SpoolEntry | undefined {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
