// The program of a worker thread: instantiates the kernels over the model's memory, and makes the calls that it finds in the queue.
import { parentPort, workerData } from 'node:worker_threads'
import type { WorkerData } from './pool.ts'
import { openQueue } from './queue.ts'

const { module, memory, queue: buffer, kernels: names } = workerData as WorkerData
const { exports } = new WebAssembly.Instance(module, { env: { memory } })
const kernels = names.map((name) => exports[name] as (...numbers: readonly number[]) => void)
const queue = openQueue(buffer)
parentPort?.postMessage('ready')

for (;;) {
  const call = queue.take()
  if (call === undefined) {
    queue.awaitCalls()
    continue
  }
  let succeeded = false
  try {
    kernels[call.kernel](...call.numbers)
    succeeded = true
  } catch {
    // The thread that runs the model throws in its place.
  }
  queue.finish(succeeded)
}
