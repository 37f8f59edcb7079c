// Snapshot files in Node: synchronous, written atomically.
import { replaceFile, withFile } from '../../files/file-system.ts'
import { nodeModule } from '../../host/node-modules.ts'
import type { SnapshotFiles } from './snapshot-files.ts'

const { existsSync, mkdirSync, readdirSync, rmSync } = nodeModule('node:fs')
const { dirname } = nodeModule('node:path')

export const nodeFiles = {
  read: (path) => (existsSync(path) ? withFile(path, ({ read, size }) => read(0, size)) : undefined),
  write(path, bytes) {
    mkdirSync(dirname(path), { recursive: true })
    replaceFile(path, [bytes])
  },
  remove: (path) => rmSync(path, { force: true }),
  list: (folder) => (existsSync(folder) ? readdirSync(folder) : []),
  // crypto is looked up when it is needed: loading it costs a third of what importing the matchers costs
  sha256: (bytes) => nodeModule('node:crypto').createHash('sha256').update(bytes).digest('hex'),
} satisfies SnapshotFiles
