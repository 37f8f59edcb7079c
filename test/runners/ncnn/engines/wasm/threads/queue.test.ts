import { describe, expect, test } from 'vitest'
import { openQueue, queueSlots } from '../../../../../../src/runners/ncnn/engines/wasm/threads/queue.ts'

describe('the queue', () => {
  test('gives each call once, in order, to whichever thread asks', () => {
    const one = openQueue()
    const other = openQueue(one.buffer)
    expect(other.take()).toBeUndefined()
    one.publish(3, [[1, 2.5], [], [-7]])
    expect(other.take()).toEqual({ kernel: 3, numbers: [1, 2.5] })
    expect(one.take()).toEqual({ kernel: 3, numbers: [] })
    expect(other.take()).toEqual({ kernel: 3, numbers: [-7] })
    expect(one.take()).toBeUndefined()
    expect(other.take()).toBeUndefined()
  })

  test('goes round its slots', () => {
    const queue = openQueue()
    for (let round = 0; round < 3; round++) {
      const calls = Array.from({ length: queueSlots - 1 }, (_, i) => [round, i])
      queue.publish(round, calls)
      expect(calls.map(() => queue.take()?.numbers)).toEqual(calls)
      for (const _ of calls) queue.finish(true)
      expect(queue.awaitFinish()).toBe(true)
    }
  })

  test('says whether all have succeeded, once', () => {
    const queue = openQueue()
    queue.publish(0, [[1], [2]])
    queue.take()
    queue.take()
    queue.finish(false)
    queue.finish(true)
    expect(queue.awaitFinish()).toBe(false)
    expect(queue.awaitFinish()).toBe(true)
  })
})
