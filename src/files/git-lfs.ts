// Git LFS leaves a small text file where a large one should be, until it is told to fetch it.
import { byteCount, TensorFileError } from './error.ts'
import type { ByteSource } from './source.ts'

const pointerStart = 'version https://git-lfs.github.com/spec/'

/** @throws TensorFileError that says what to do, when the file is a Git LFS pointer */
export function refuseLfsPointer(source: ByteSource): void {
  if (source.size >= 1024) return
  const start = source.read(0, Math.min(pointerStart.length, source.size))
  if (String.fromCharCode(...start) !== pointerStart) return
  throw new TensorFileError(
    source.name,
    `is a Git LFS pointer of ${byteCount(source.size)}; the tensors themselves are not here yet: run "git lfs pull"`,
  )
}
