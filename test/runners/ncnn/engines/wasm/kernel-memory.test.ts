// What becomes of a closed model's memory: the next model's, or the garbage collector's.
import { afterEach, expect, test, vi } from 'vitest'
import { takeKernelMemory } from '../../../../../src/runners/ncnn/engines/wasm/kernel-memory.ts'

const mebibytes = (count: number): number => count * 2 ** 20
const take = (weightBytes: number) => takeKernelMemory({ relaxedSimd: false, ncnn: {} }, weightBytes)

/** Memory that has grown to so many bytes, and whose model was closed. */
async function closed(bytes: number): Promise<WebAssembly.Memory> {
  const { memory, release } = await take(bytes)
  memory.grow(Math.max(0, (bytes - memory.buffer.byteLength) / 65536))
  release()
  return memory
}

/** Whether the garbage collector has been everywhere, and what is held weakly is gone; or has been nowhere. */
const collectGarbage = (collected: boolean): unknown =>
  vi.stubGlobal(
    'WeakRef',
    class {
      readonly deref: () => unknown
      constructor(target: object) {
        this.deref = () => (collected ? undefined : target)
      }
    },
  )

afterEach(() => {
  vi.unstubAllGlobals()
})

test('small memory is kept for the next model', async () => {
  collectGarbage(true)
  const memory = await closed(mebibytes(16))
  const next = await take(100)
  expect(next.memory).toBe(memory)
  next.release()
})

test('two models never have the same memory', async () => {
  await closed(mebibytes(1))
  const [first, second] = [await take(100), await take(100)]
  expect(first.memory).not.toBe(second.memory)
  first.release()
  second.release()
})

test('nothing holds large memory', async () => {
  collectGarbage(true)
  const memory = await closed(mebibytes(17))
  expect((await take(mebibytes(17))).memory).not.toBe(memory)
})

test('large memory that the garbage collector has not taken yet serves a model that fills half of it', async () => {
  collectGarbage(false)
  const memory = await closed(mebibytes(40))
  expect((await take(mebibytes(19))).memory).not.toBe(memory)
  const next = await take(mebibytes(20))
  expect(next.memory).toBe(memory)
  next.release()
})
