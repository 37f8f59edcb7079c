// Where the tensors of a snapshot lie: in a folder beside the runner's .snap file, under a name that no other snapshot has.

const hashDigits = 12
const longestSlug = 60

/** What {@link snapshotFileName} makes, and nothing else that is likely to lie in such a folder. */
export const snapshotFilePattern = new RegExp(`[a-z0-9-]+-[0-9a-f]{${hashDigits}}\\.safetensors`)

/** `/project/__snapshots__/voice.test.ts.tensors` for `/project/__snapshots__/voice.test.ts.snap`. */
export function snapshotFolder(snapPath: string): string {
  return `${snapPath.replace(/\.snap$/, '')}.tensors`
}

/**
 * `the-voiceprint-does-not-drift-1-0c1f6f94a3de.safetensors`: for people the snapshot's name, as far as every file system takes it,
 * then the file's own hash. Names that differ only in case or in what the slug drops get different files, since each file holds its
 * snapshot's name. And what is stored is never overwritten: until the .snap names a new file, the old one is there.
 */
export function snapshotFileName(key: string, sha256: string): string {
  return `${slugOf(key)}-${sha256.slice(0, hashDigits)}.safetensors`
}

/** Whether {@link snapshotFileName} may give a snapshot this name. Other snapshots may have it too. */
export function mayHoldSnapshot(name: string, key: string): boolean {
  const slug = slugOf(key)
  return name.startsWith(`${slug}-`) && name.length === snapshotFileName(key, '0'.repeat(hashDigits)).length
}

function slugOf(key: string): string {
  const slug = key
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{Mark}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, longestSlug)
    .replace(/^-+|-+$/g, '')
  return slug || 'snapshot'
}

/** The last part of a path, whichever separators it has. */
export function baseName(path: string): string {
  return path.replace(/^.*[\\/]/s, '')
}

/** The path of a file in a folder. Both runners accept `/` on every system. */
export function inFolder(folder: string, name: string): string {
  return `${folder}/${name}`
}
