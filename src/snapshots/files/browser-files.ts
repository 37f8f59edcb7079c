// Snapshot files in Vitest's browser mode: its commands read and write on the machine that runs Vitest.
import type { SnapshotFiles } from './snapshot-files.ts'

/** Those of Vitest's commands that are used here. */
export interface BrowserCommands {
  readFile(path: string, options: { encoding: 'base64' }): Promise<string>
  writeFile(path: string, data: string, options: { encoding: 'base64' }): Promise<void>
  removeFile(path: string): Promise<void>
}

/** The runner's commands as file access. A file is written before anything names it, so a part of one is never read. */
export function browserFiles(load: () => Promise<BrowserCommands>): SnapshotFiles {
  return {
    async read(path) {
      const { readFile } = await load()
      try {
        return fromBase64(await readFile(path, { encoding: 'base64' }))
      } catch (error) {
        if (/ENOENT/.test((error as Error).message)) return undefined
        throw error
      }
    },
    async write(path, bytes) {
      const { writeFile } = await load()
      await writeFile(path, toBase64(bytes), { encoding: 'base64' })
    },
    async remove(path) {
      const { removeFile } = await load()
      await removeFile(path)
    },
    list: () => [],
    async sha256(bytes) {
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes)))
      return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
    },
  }
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}

function toBase64(bytes: Uint8Array): string {
  // in chunks: a call takes a limited number of arguments
  let binary = ''
  for (let start = 0; start < bytes.length; start += 8192) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 8192))
  }
  return btoa(binary)
}
