// The other side of a worker thread: answers one request after the other, in order; arrays arrive as copies.
import { parentPort } from 'node:worker_threads'
import { reasonOf } from '../../host/reason.ts'

export function answerInOrder<Request>(answer: (request: Request) => Promise<unknown>): void {
  let queue = Promise.resolve()
  parentPort?.on('message', (request: Request) => {
    queue = queue.then(async () => {
      try {
        parentPort?.postMessage({ value: await answer(request) })
      } catch (error) {
        parentPort?.postMessage({ error: reasonOf(error) })
      }
    })
  })
}
