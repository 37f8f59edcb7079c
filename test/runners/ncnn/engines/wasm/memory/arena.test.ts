import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { createNcnnKernels, firstFreeByte } from '../../../../../../src/kernels/ncnn.ts'
import { createArena } from '../../../../../../src/runners/ncnn/engines/wasm/memory/arena.ts'
import { createWorkspace } from '../../../../../../src/runners/ncnn/engines/wasm/memory/workspace.ts'
import { multiplyPacked, packRight } from '../../../../../../src/runners/ncnn/engines/wasm/operations/matrix.ts'
import { operand } from '../../../../../../src/runners/ncnn/engines/wasm/operations/operand.ts'

const arenaOf = (limit?: number) => createArena(new WebAssembly.Memory({ initial: 2, maximum: 65536 }), limit)

test('allocations are aligned, disjoint and inside the memory, whatever is freed in between', () => {
  const step = fc.oneof(fc.record({ alloc: fc.integer({ min: 0, max: 100_000 }) }), fc.record({ free: fc.nat() }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const arena = arenaOf()
      const live: { address: number; bytes: number }[] = []
      for (const action of steps) {
        if ('alloc' in action) live.push({ address: arena.alloc(action.alloc), bytes: action.alloc })
        else if (live.length > 0) arena.free(live.splice(action.free % live.length, 1)[0].address)
        const sorted = [...live].sort((a, b) => a.address - b.address)
        for (const [index, { address, bytes }] of sorted.entries()) {
          expect(address % 64).toBe(0)
          expect(address).toBeGreaterThanOrEqual(64 * 1024)
          expect(address + bytes + 64).toBeLessThanOrEqual(sorted[index + 1]?.address ?? arena.memory.buffer.byteLength)
        }
      }
      for (const { address } of live) arena.free(address)
      expect(arena.used).toBe(0)
    }),
    { numRuns: 50 },
  )
})

test('what was allocated since a point is freed all at once, and nothing else', () => {
  const arena = arenaOf()
  const before = arena.alloc(1000)
  const { used } = arena
  arena.begin()
  arena.free(arena.alloc(500))
  arena.alloc(500)
  arena.alloc(5000)
  arena.rollBack()
  expect(arena.used).toBe(used)
  arena.free(before)
  expect(arena.used).toBe(0)
})

test('freed neighbours are joined and used again', () => {
  const arena = arenaOf()
  const blocks = Array.from({ length: 8 }, () => arena.alloc(1 << 16))
  const before = arena.memory.buffer.byteLength
  for (const block of [3, 1, 2, 0, 5, 4, 7, 6]) arena.free(blocks[block])
  arena.alloc(1 << 19)
  expect(arena.memory.buffer.byteLength).toBe(before)
})

test('more than WebAssembly can address is refused in words', () => {
  expect(() => arenaOf().alloc(5 * 2 ** 30)).toThrow(/the model needs 5\.1 GiB of memory, but the limit is 4\.0 GiB/)
})

test('the memory grows rarely, and only once for what was expected', () => {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 65536 })
  const grow = vi.spyOn(memory, 'grow')
  const arena = createArena(memory)
  for (let i = 0; i < 500; i++) arena.alloc(1 << 16)
  expect(grow.mock.calls.length).toBeLessThan(20)
  grow.mockClear()
  arena.expect(1 << 26)
  for (let i = 0; i < 500; i++) arena.alloc(1 << 16)
  expect(grow).toHaveBeenCalledTimes(1)
})

test('where a generous growth fails, the least that is needed does', () => {
  const initial = firstFreeByte / 65536 + 1
  const arena = createArena(new WebAssembly.Memory({ initial, maximum: initial + 31 }))
  arena.alloc(16 * 65536)
  arena.alloc(15 * 65536 - 64)
  expect(arena.memory.buffer.byteLength).toBe((initial + 31) * 65536)
  expect(() => arena.alloc(65536)).toThrow(/the model needs 3 MiB of memory, but this machine has no more to give/)
})

test('peak remembers the most that was in use', () => {
  const arena = arenaOf()
  const first = arena.alloc(1000)
  const peak = arena.peak
  arena.free(first)
  arena.alloc(10)
  expect(arena.peak).toBe(peak)
  expect(arena.used).toBeLessThan(peak)
})

test('a limit bounds what is in use at once', () => {
  const arena = arenaOf(1 << 20)
  arena.free(arena.alloc(800_000))
  arena.alloc(800_000)
  expect(() => arena.alloc(800_000)).toThrow(/needs 2 MiB of memory, but the limit is 1\.0 MiB/)
})

test('kernels compute the same beyond 2 GiB, where addresses do not fit in 31 bits', () => {
  const [rows, columns, depth] = [5, 19, 70]
  // Address space only: what lies between is never touched. One memory for all, since V8 collects garbage whenever so much comes or goes.
  const last = 52_000 * 2 ** 16
  const memory = new WebAssembly.Memory({ initial: last / 65536 + 16, maximum: 65536 })
  const productAt = (firstAddress: number): ArrayLike<number> => {
    const arena = createArena(memory, undefined, firstAddress)
    const { workspace } = createWorkspace(arena, createNcnnKernels(memory), 'float32')
    const numbers = (shape: readonly number[]) => {
      const blob = workspace.alloc(shape)
      blob.data.set(Float32Array.from({ length: blob.length }, (_, i) => Math.fround(1 / (1 + i))))
      return blob
    }
    const weights = packRight(operand(numbers([columns, depth]), columns, depth, false), columns, depth, workspace)
    const y = workspace.alloc([rows, columns])
    multiplyPacked(operand(numbers([rows, depth]), rows, depth, false), weights, y, rows, workspace)
    expect(y.ptr).toBeGreaterThan(firstAddress)
    return [...y.data]
  }
  const product = productAt(2 ** 16)
  expect(productAt(2 ** 31 - 2 ** 13)).toEqual(product)
  expect(productAt(last)).toEqual(product)
})
