// What a snapshot's file says about itself, beside the tensors. These names are taken: the user's metadata cannot say it otherwise.
import packageJson from '../../package.json' with { type: 'json' }
import { toPlainJson } from '../compare/json.ts'
import type { CompareOptions } from '../compare/options/options.ts'
import type { ContentsKind } from './contents.ts'

/** What there is to say. */
export interface Described {
  readonly key: string
  readonly kind: ContentsKind
  readonly storage: string
  readonly compare: CompareOptions
  /** Plain JSON; undefined where all tensors are stored in full. */
  readonly fingerprints: object | undefined
}

const entries: Readonly<Record<string, (described: Described) => string | undefined>> = {
  'expect-tensor': () => packageJson.version,
  test: ({ key }) => storedKey(key),
  contents: ({ kind }) => kind,
  storage: ({ storage }) => storage,
  options: ({ compare }) => JSON.stringify(plainOptions(compare)),
  fingerprints: ({ fingerprints }) => fingerprints && JSON.stringify(fingerprints),
}

/** A snapshot's name as its file has it: half a surrogate pair has no UTF-8. */
export function storedKey(key: string): string {
  return key.replace(/\p{Surrogate}/gu, '\ufffd')
}

export const reservedMetadata: readonly string[] = Object.keys(entries)

export function ownMetadata(described: Described): Record<string, string> {
  const metadata: Record<string, string> = {}
  for (const [name, entryOf] of Object.entries(entries)) {
    const entry = entryOf(described)
    if (entry !== undefined) metadata[name] = entry
  }
  return metadata
}

function plainOptions(options: CompareOptions): unknown {
  const { normalize } = options
  return toPlainJson(
    typeof normalize === 'function' ? { ...options, normalize: normalize.name || 'function' } : options,
  )
}
