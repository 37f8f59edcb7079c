// A queue of kernel calls in shared memory. One thread publishes calls; it and the others take them, one at a time, until none is left.

/** Calls that can be published at once. */
export const queueSlots = 64

/** Words of a slot: which kernel, how many arguments, the arguments. */
const slotWords = 32
const headWords = 2

/** Indexes of the counters, a cache line apart. The first three only count up, so that a thread that comes late takes nothing twice. */
const [published, taken, finished, failed, sleepers] = [0, 16, 32, 48, 64]
const counterWords = 80

/** Rounds of waiting actively, about half a millisecond: to wake a sleeping thread may take as long as a small layer. */
const spins = 50_000

interface KernelCall {
  /** Number of the kernel. */
  readonly kernel: number
  readonly numbers: readonly number[]
}

export interface Queue {
  readonly buffer: SharedArrayBuffer
  /** Adds calls for all threads, at most {@link queueSlots}; those published before must have finished. */
  publish(kernel: number, calls: readonly (readonly number[])[]): void
  /** Takes a call that nobody has taken. */
  take(): KernelCall | undefined
  /** Says that a call which was taken is done. */
  finish(succeeded: boolean): void
  /** Blocks until there may be something to take. */
  awaitCalls(): void
  /** Blocks until all published calls are done; returns whether all have succeeded. */
  awaitFinish(): boolean
}

/** A new queue, or this thread's view of one. */
export function openQueue(buffer = new SharedArrayBuffer(4 * counterWords + 8 * queueSlots * slotWords)): Queue {
  const counters = new Int32Array(buffer, 0, counterWords)
  const slots = new Float64Array(buffer, 4 * counterWords)
  const offsetOf = (ticket: number): number => (ticket & (queueSlots - 1)) * slotWords

  /** Waits actively for a while before it sleeps. */
  const awaitChange = (index: number, known: number): void => {
    for (let i = 0; i < spins; i++) if (Atomics.load(counters, index) !== known) return
    Atomics.add(counters, sleepers, 1)
    Atomics.wait(counters, index, known)
    Atomics.sub(counters, sleepers, 1)
  }
  /** Whoever goes to sleep after this has looked sees the change, and does not. */
  const wake = (index: number): void => {
    if (Atomics.load(counters, sleepers) > 0) Atomics.notify(counters, index)
  }

  return {
    buffer,
    publish(kernel, calls) {
      const first = Atomics.load(counters, published)
      for (let i = 0; i < calls.length; i++) {
        const at = offsetOf(first + i)
        const numbers = calls[i]
        slots[at] = kernel
        slots[at + 1] = numbers.length
        for (let j = 0; j < numbers.length; j++) slots[at + headWords + j] = numbers[j]
      }
      Atomics.store(counters, published, first + calls.length)
      wake(published)
    },
    take() {
      for (;;) {
        const ticket = Atomics.load(counters, taken)
        if (ticket === Atomics.load(counters, published)) return undefined
        if (Atomics.compareExchange(counters, taken, ticket, ticket + 1) !== ticket) continue
        const at = offsetOf(ticket)
        const numbers: number[] = []
        for (let j = 0; j < slots[at + 1]; j++) numbers.push(slots[at + headWords + j])
        return { kernel: slots[at], numbers }
      }
    },
    finish(succeeded) {
      if (!succeeded) Atomics.store(counters, failed, 1)
      Atomics.add(counters, finished, 1)
      wake(finished)
    },
    awaitCalls() {
      awaitChange(published, Atomics.load(counters, taken))
    },
    awaitFinish() {
      for (;;) {
        const done = Atomics.load(counters, finished)
        if (done === Atomics.load(counters, published)) return Atomics.exchange(counters, failed, 0) === 0
        awaitChange(finished, done)
      }
    },
  }
}
