// What becomes of a closed model's memory: the next model's, or the garbage collector's.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

const mebibytes = (count: number): number => count * 2 ** 20

let take: (weightBytes: number) => Promise<{ readonly memory: WebAssembly.Memory; release(): void }>
let collected: boolean

beforeEach(async () => {
  collected = false
  vi.stubGlobal('WeakRef', WeakReference)
  const { takeKernelMemory } = await freshModule()
  take = (weightBytes) => takeKernelMemory({ relaxedSimd: false, ncnn: {} }, weightBytes)
})
afterEach(() => {
  vi.unstubAllGlobals()
})

const path = '../../../../../../src/runners/ncnn/engines/wasm/memory/kernel-memory.ts'
let instances = 0

/** The module as nobody has used it, beside the one that the other suites of this process share. */
const freshModule = (): Promise<
  typeof import('../../../../../../src/runners/ncnn/engines/wasm/memory/kernel-memory.ts')
> => import(/* @vite-ignore */ `${path}?instance=${instances++}`)

/** What it holds is gone when `collected` says that the garbage collector has been everywhere. */
class WeakReference {
  readonly #target: object
  constructor(target: object) {
    this.#target = target
  }
  deref(): object | undefined {
    return collected ? undefined : this.#target
  }
}

/** Memory of a closed model that had grown to so many bytes. */
async function closed(bytes: number): Promise<WebAssembly.Memory> {
  const { memory, release } = await take(bytes)
  memory.grow((bytes - memory.buffer.byteLength) / 65536)
  release()
  return memory
}

test('the memory of a closed model serves the next one, and that one only', async () => {
  const memory = await closed(mebibytes(1))
  expect((await take(100)).memory).toBe(memory)
  expect((await take(100)).memory).not.toBe(memory)
})

test('several closed models have several memories; the largest goes first', async () => {
  const open = [await take(100), await take(100), await take(100)]
  for (const [i, { memory }] of open.entries()) memory.grow(16 * [2, 3, 1][i])
  for (const { release } of open) release()
  const again = [await take(100), await take(100), await take(100)]
  expect(again.map(({ memory }) => memory)).toEqual([1, 0, 2].map((i) => open[i].memory))
})

test('large memory serves only a model that fills half of it', async () => {
  const memory = await closed(mebibytes(40))
  expect((await take(mebibytes(19))).memory).not.toBe(memory)
  expect((await take(mebibytes(20))).memory).toBe(memory)
})

test('the garbage collector gets all memories but one that is small', async () => {
  const [large, small, smaller] = [await take(100), await take(100), await take(100)]
  large.memory.grow(17 * 16)
  for (const { release } of [small, smaller, large]) release()
  collected = true
  const again = [await take(mebibytes(17)), await take(mebibytes(17))]
  expect(again[0].memory).toBe(smaller.memory)
  expect([large.memory, small.memory]).not.toContain(again[1].memory)
})
