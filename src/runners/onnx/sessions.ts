// The sessions of one model: every combination of fed and requested tensors needs one, with a copy of the weights that it reads.
import type { OnnxSession } from './runtime.ts'

/** Each has some memory of its own besides the weights. */
const mostSessions = 256

export interface SessionCache {
  /**
   * The session of that key, opened if it is not there any more.
   * @param encode makes the bytes of its model
   */
  get(key: string, encode: () => Uint8Array): Promise<OnnxSession>
  close(): void
}

/** @param mostBytes of the models whose sessions are kept; those that were not used for longest go first, the last one stays */
export function sessionCache(open: (model: Uint8Array) => Promise<OnnxSession>, mostBytes: number): SessionCache {
  /** The most recently used one comes last. */
  const kept = new Map<string, { readonly session: OnnxSession; readonly bytes: number }>()
  let total = 0

  const openNew = async (model: Uint8Array) => {
    const entry = { session: await open(model), bytes: model.length }
    total += entry.bytes
    return entry
  }
  return {
    async get(key, encode) {
      const entry = kept.get(key) ?? (await openNew(encode()))
      kept.delete(key)
      kept.set(key, entry)
      for (const [oldest, { session, bytes }] of kept) {
        if (kept.size === 1 || (kept.size <= mostSessions && total <= mostBytes)) break
        kept.delete(oldest)
        total -= bytes
        await session.release()
      }
      return entry.session
    },
    close() {
      for (const { session } of kept.values()) session.release().catch(() => undefined)
      kept.clear()
      total = 0
    },
  }
}
