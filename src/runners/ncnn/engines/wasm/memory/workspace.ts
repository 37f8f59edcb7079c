// Gives a running layer its memory: new blobs, scratch that is freed after it, and its inputs' own memory where it can be reused.
import type { NcnnKernels } from '../../../../../kernels/ncnn.ts'
import { formatShape } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import type { Workspace } from '../layer.ts'
import type { Arena } from './arena.ts'
import { Blob, type BlobDType, bytesPerElement } from './blob.ts'
import { maxMemoryBytes } from './kernel-memory.ts'

/** The workspace, and the handles by which the engine controls it. */
export interface WorkspaceControl {
  readonly workspace: Workspace
  /** Says which blobs die with the layer that runs next: `reuse` may hand out their memory. */
  beginLayer(dying: readonly Blob[]): void
  /** Whether a blob dies with the layer that runs and nothing shares its memory. */
  mayChange(blob: Blob): boolean
  freeScratch(): void
  /** Says that a run begins. */
  beginRun(): void
  /** Frees all memory that the run took, whoever has it: it failed. */
  abandonRun(): void
}

export function createWorkspace(arena: Arena, kernels: NcnnKernels, float: 'float32' | 'float64'): WorkspaceControl {
  let dying: readonly Blob[] = []
  const scratch: Blob[] = []

  const alloc = (shape: readonly number[], dtype: BlobDType = float): Blob => {
    checkShape(shape, dtype)
    return Blob.alloc(arena, shape, dtype)
  }
  const mayChange = (blob: Blob): boolean => dying.includes(blob) && blob.exclusive
  const workspace: Workspace = {
    kernels,
    float,
    alloc,
    scratch(shape, dtype) {
      const blob = alloc(shape, dtype)
      scratch.push(blob)
      return blob
    },
    reuse(like) {
      return mayChange(like) ? like.share() : alloc(like.shape, like.dtype)
    },
  }
  return {
    workspace,
    beginLayer(blobs) {
      dying = blobs
    },
    mayChange,
    freeScratch() {
      for (const blob of scratch) blob.release()
      scratch.length = 0
    },
    beginRun: () => arena.begin(),
    abandonRun() {
      scratch.length = 0
      arena.rollBack()
    },
  }
}

function checkShape(shape: readonly number[], dtype: BlobDType): void {
  let size = 1
  for (const length of shape) {
    if (!Number.isInteger(length) || length < 0) {
      throw new NcnnError(
        `a result would have shape ${formatShape(shape)}; is the input too small for the layer, or its rank wrong?`,
      )
    }
    size *= length
  }
  if (size * bytesPerElement(dtype) > maxMemoryBytes)
    throw new NcnnError(`a result would have shape ${formatShape(shape)}: ${size} elements are too many`, {
      code: 'out-of-memory',
    })
}
