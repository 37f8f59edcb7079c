// Memory of one model: a best-fit allocator over the WebAssembly memory in which kernels see weights and blobs.
import { firstFreeByte } from '../../../../../kernels/ncnn.ts'
import { formatBytes, formatBytesAtLeast } from '../../../../../tensor/numbers.ts'
import { NcnnError } from '../../../error.ts'
import { maxMemoryBytes } from './kernel-memory.ts'

const pageBytes = 64 * 1024

/** Alignment of every allocation. */
const alignment = 64

/** Bytes that stay readable behind every allocation, so that kernels may load whole vectors at the end of a row. */
const slackBytes = 64

const leastGrowth = 2 ** 20

interface FreeBlock {
  address: number
  bytes: number
}

/** A bump-and-free allocator whose blocks are the model's weights and blobs. Addresses are byte offsets into `memory`. */
export interface Arena {
  readonly memory: WebAssembly.Memory
  /** Returns the address of `bytes` uninitialised bytes, 64-byte aligned. */
  alloc(bytes: number): number
  free(address: number): void
  /** From here on, what is allocated can be freed all at once: {@link rollBack}. */
  begin(): void
  /** Frees what was allocated since `begin` and is not freed yet. */
  rollBack(): void
  /** Says that so many bytes will be allocated: the memory grows at once, instead of step by step. */
  expect(bytes: number): void
  /** Bytes in use now, and the most that were in use at once. */
  readonly used: number
  readonly peak: number
}

/**
 * Creates an arena over `memory`, which grows with what is allocated and is nobody else's.
 * @param limit most bytes in use at once; by default WebAssembly's 4 GiB
 * @param firstAddress nothing is allocated below; by default the end of the kernels' static data
 */
export function createArena(memory: WebAssembly.Memory, limit = maxMemoryBytes, firstAddress = firstFreeByte): Arena {
  const sizes = new Map<number, number>()
  const free: FreeBlock[] = []
  /** Addresses of what was allocated since `begin`; some may have been freed. */
  let recent: number[] = []
  let end = firstAddress
  let used = 0
  let peak = 0

  /** Takes the smallest free block that fits; the rest of it stays free. */
  const takeFree = (bytes: number): number | undefined => {
    let best: FreeBlock | undefined
    for (const block of free) {
      if (block.bytes >= bytes && (best === undefined || block.bytes < best.bytes)) best = block
    }
    if (best === undefined) return undefined
    const { address } = best
    if (best.bytes === bytes) free.splice(free.indexOf(best), 1)
    else {
      best.address += bytes
      best.bytes -= bytes
    }
    return address
  }

  /** Extends the used part of the memory; a free block at its end is extended rather than left behind. */
  const extend = (bytes: number): number => {
    const last = free.at(-1)
    const address = last !== undefined && last.address + last.bytes === end ? last.address : end
    if (address + bytes > memory.buffer.byteLength) growTo(memory, address + bytes, used + bytes)
    if (address !== end) free.pop()
    end = address + bytes
    return address
  }

  const release = (address: number): void => {
    const bytes = sizes.get(address)
    if (bytes === undefined) throw new Error(`nothing is allocated at address ${address}`)
    sizes.delete(address)
    used -= bytes
    insertFree(free, { address, bytes })
  }

  return {
    memory,
    alloc(size) {
      const bytes = Math.ceil((Math.max(size, 1) + slackBytes) / alignment) * alignment
      if (used + bytes > limit) throw tooLarge(used + bytes, `the limit is ${formatBytes(limit)}`)
      const address = takeFree(bytes) ?? extend(bytes)
      sizes.set(address, bytes)
      recent.push(address)
      used += bytes
      peak = Math.max(peak, used)
      return address
    },
    free: release,
    begin() {
      recent = []
    },
    rollBack() {
      for (const address of new Set(recent)) if (sizes.has(address)) release(address)
    },
    expect(bytes) {
      const size = Math.min(end + bytes, limit, maxMemoryBytes)
      if (size > memory.buffer.byteLength) growTo(memory, size, size)
    },
    get used() {
      return used
    },
    get peak() {
      return peak
    },
  }
}

/**
 * Each growth makes V8 collect garbage, so there are few: by a quarter at least, if possible. What nobody touches is only address space.
 * @param wanted how much the model needs, for the message
 */
function growTo(memory: WebAssembly.Memory, bytes: number, wanted: number): void {
  const size = memory.buffer.byteLength
  const pages = Math.ceil((bytes - size) / pageBytes)
  const generous = Math.ceil(Math.max(bytes - size, size / 4, leastGrowth) / pageBytes)
  for (const tried of [generous, pages]) {
    try {
      memory.grow(tried)
      return
    } catch {
      // Less may do.
    }
  }
  throw tooLarge(wanted, 'this machine has no more to give')
}

function tooLarge(wanted: number, limit: string): NcnnError {
  return new NcnnError(
    `the model needs ${formatBytesAtLeast(wanted)} of memory, but ${limit}. Use smaller inputs, weightsOnDemand: true, or an engine of the real ncnn`,
    { code: 'out-of-memory' },
  )
}

/** Keeps the list sorted by address and joins neighbours. */
function insertFree(free: FreeBlock[], block: FreeBlock): void {
  let at = free.length
  while (at > 0 && (free[at - 1]?.address ?? 0) > block.address) at--
  free.splice(at, 0, block)
  const next = free[at + 1]
  if (next !== undefined && block.address + block.bytes === next.address) {
    block.bytes += next.bytes
    free.splice(at + 1, 1)
  }
  const previous = free[at - 1]
  if (previous !== undefined && previous.address + previous.bytes === block.address) {
    previous.bytes += block.bytes
    free.splice(at, 1)
  }
}
