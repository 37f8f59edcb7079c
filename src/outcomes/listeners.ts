// Who wants to know what each assertion found.
import { shared } from '../host/shared.ts'
import type { Outcome } from './outcome.ts'

export type Listener = (outcome: Outcome) => void

const listeners = shared('listeners', () => new Set<Listener>())

/** Calls `listener` after each assertion of a tensor matcher, before the test runner sees its result. Returns what ends that. */
export function listen(listener: Listener): () => void {
  // of its own, so that one listener may be added twice
  const added: Listener = (outcome) => listener(outcome)
  listeners.add(added)
  return () => listeners.delete(added)
}

/** While this is false, an assertion must not do anything for listeners. */
export function isListening(): boolean {
  return listeners.size > 0
}

/** An error of a listener is the run's, not the assertion's: it is thrown where the test runner reports unhandled errors. */
export function tell(outcome: Outcome): void {
  for (const listener of listeners) {
    try {
      listener(outcome)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
}
