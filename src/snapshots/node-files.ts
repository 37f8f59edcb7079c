// Snapshot files in Node: synchronous, written atomically.
import { replaceFile, withFile } from '../files/file-system.ts'
import { nodeModule } from '../files/node-modules.ts'
import type { SnapshotFiles } from './snapshot-files.ts'

const { createHash } = nodeModule('node:crypto')
const { existsSync, mkdirSync, rmSync } = nodeModule('node:fs')
const { dirname } = nodeModule('node:path')

export const nodeFiles = {
  read: (path) => (existsSync(path) ? withFile(path, ({ read, size }) => read(0, size)) : undefined),
  write(path, bytes) {
    mkdirSync(dirname(path), { recursive: true })
    replaceFile(path, [bytes])
  },
  remove: (path) => rmSync(path, { force: true }),
  sha256: (bytes) => createHash('sha256').update(bytes).digest('hex'),
} satisfies SnapshotFiles
