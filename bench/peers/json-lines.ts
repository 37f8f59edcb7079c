// A process that answers one line of JSON to each line of JSON: how peers are timed in a process of their own.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface JsonPeer {
  /** What the process said when it was ready. */
  readonly hello: unknown
  ask(request: unknown): Promise<unknown>
  close(): void
}

const pathOf = (script: string): string => fileURLToPath(new URL(script, import.meta.url))

/** Starts a Python script of this folder with `EXPECT_TENSOR_PYTHON` or `python3`; undefined when it does not come up. */
export function startPythonPeer(script: string): Promise<JsonPeer | undefined> {
  return startPeer(process.env.EXPECT_TENSOR_PYTHON ?? 'python3', [pathOf(script)])
}

/** Starts a TypeScript file of this folder in a Node process of its own; undefined when it does not come up. */
export function startNodePeer(script: string, ...args: readonly string[]): Promise<JsonPeer | undefined> {
  return startPeer(process.execPath, ['--import', 'tsx', pathOf(script), ...args])
}

async function startPeer(command: string, args: readonly string[]): Promise<JsonPeer | undefined> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  child.stdin.on('error', () => undefined)
  const failed = new Promise<undefined>((resolve) => {
    child.once('error', () => resolve(undefined))
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<string | undefined> => {
    const { value, done } = await lines.next()
    return done ? undefined : value
  }
  const hello = await Promise.race([next(), failed])
  if (hello === undefined) return undefined
  return {
    hello: JSON.parse(hello),
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`)
      const answer = await Promise.race([next(), failed])
      if (answer === undefined) throw new Error(`a peer ended while answering ${JSON.stringify(request)}`)
      return JSON.parse(answer)
    },
    close: () => child.stdin.end(),
  }
}
