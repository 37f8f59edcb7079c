// Compares what a test computed with what was stored: in full, or by its fingerprint.
import { compareTensors } from '../compare/compare-tensors.ts'
import type { CompareOptions } from '../compare/options/options.ts'
import { type NamedComparison, own } from '../compare/records.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Contents } from './contents.ts'
import type { SnapshotFiles } from './files/snapshot-files.ts'
import { compareFingerprint, type FingerprintVerdict } from './fingerprint/compare-fingerprint.ts'
import { canonicalBytes } from './fingerprint/fingerprint.ts'
import { type Flow, wait } from './flow.ts'
import { isFingerprint, type Stored } from './stored-snapshot.ts'

/** One tensor of a snapshot. `verdict` is there when only a fingerprint was stored, `comparison` when all elements were. */
export type Judgement =
  | (NamedComparison & { readonly verdict?: undefined })
  | {
      readonly name: string
      readonly verdict: FingerprintVerdict
      readonly comparison?: undefined
      readonly problem?: undefined
    }

export function passes({ comparison, verdict }: Judgement): boolean {
  return (comparison ?? verdict)?.pass === true
}

/** A judgement of every tensor of either side. */
export function* judge(
  current: Contents,
  stored: Contents<Stored>,
  options: CompareOptions,
  files: SnapshotFiles,
): Flow<Judgement[]> {
  const judgements: Judgement[] = []
  for (const name of new Set([...Object.keys(stored.tensors), ...Object.keys(current.tensors)])) {
    judgements.push(yield* judgeOne(name, own(current.tensors, name), own(stored.tensors, name), options, files))
  }
  return judgements
}

function* judgeOne(
  name: string,
  actual: Tensor | undefined,
  reference: Stored | undefined,
  options: CompareOptions,
  files: SnapshotFiles,
): Flow<Judgement> {
  if (actual === undefined) return { name, comparison: undefined, problem: 'missing' }
  if (reference === undefined) return { name, comparison: undefined, problem: 'not in the snapshot' }
  if (!isFingerprint(reference)) return { name, comparison: compareTensors(actual, reference, options) }
  const sha256 = yield* wait(files.sha256(canonicalBytes(actual)))
  return { name, verdict: compareFingerprint(actual, sha256, reference, options) }
}
