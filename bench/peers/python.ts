// A Python process that stays alive and times numpy and torch on request.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Contender } from '../measure.ts'

export interface PythonRequest {
  readonly call: string
  readonly dtype: string
  readonly n: number
  readonly rtol: number
  readonly atol: number
}

export interface PythonPeer {
  /** `numpy 2.4.6, torch 2.15.0`. */
  readonly versions: string
  /** The functions it can time. */
  readonly calls: readonly string[]
  contender(request: PythonRequest): Contender
  close(): void
}

/** Starts `EXPECT_TENSOR_PYTHON` or `python3`; undefined when there is none, or none with numpy. */
export async function startPython(): Promise<PythonPeer | undefined> {
  const python = process.env.EXPECT_TENSOR_PYTHON ?? 'python3'
  const script = fileURLToPath(new URL('peer.py', import.meta.url))
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'ignore'] })
  const answers = readAnswers(child)
  const hello = await answers.next()
  if (hello === undefined) return undefined
  const { numpy, torch, calls } = JSON.parse(hello) as { numpy: string; torch: string | null; calls: string[] }
  return {
    versions: `numpy ${numpy}${torch === null ? '' : `, torch ${torch}`}`,
    calls,
    contender: (request) => ({
      name: request.call,
      async run(repeats) {
        child.stdin?.write(`${JSON.stringify({ ...request, repeats })}\n`)
        const answer = await answers.next()
        if (answer === undefined) throw new Error(`the Python process ended while timing ${request.call}`)
        return JSON.parse(answer) as number
      },
    }),
    close: () => child.stdin?.end(),
  }
}

/** The lines a process writes, one at a time; undefined when it has ended or never started. */
function readAnswers(child: ChildProcess): { next(): Promise<string | undefined> } {
  if (child.stdout === null) throw new Error('the Python process has no output')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const failed = new Promise<undefined>((resolve) => {
    child.once('error', () => resolve(undefined))
  })
  child.stdin?.on('error', () => undefined)
  const line = async () => {
    const { value, done } = await lines.next()
    return done ? undefined : value
  }
  return { next: () => Promise.race([line(), failed]) }
}
