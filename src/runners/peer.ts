// Finds optional peers when they are needed: beside this package, or else from the working directory.
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** The path of an optional peer's main file. */
export function resolvePeer(name: string): string {
  try {
    return createRequire(import.meta.url).resolve(name)
  } catch {
    // This package may be linked into the project from elsewhere.
    return createRequire(join(process.cwd(), 'package.json')).resolve(name)
  }
}
