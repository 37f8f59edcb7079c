// The sessions of one model: every combination of fed and requested tensors needs one, with a copy of the weights.

/** A model that a runtime has opened. */
export interface Session {
  release(): Promise<void>
}

/** Each has some memory of its own besides the weights. */
const mostSessions = 256

export interface SessionCache<Kept extends Session> {
  /**
   * The session of that key, opened if it is not there any more.
   * @param encode makes the bytes of its model
   */
  get(key: string, encode: () => Uint8Array): Promise<Kept>
  close(): void
}

/** @param mostBytes of the models whose sessions are kept; those that were not used for longest go first, the last one stays */
export function sessionCache<Kept extends Session>(
  open: (model: Uint8Array) => Promise<Kept>,
  mostBytes: number,
): SessionCache<Kept> {
  /** The most recently used one comes last. */
  const kept = new Map<string, { readonly session: Kept; readonly bytes: number }>()
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
