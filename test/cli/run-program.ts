// Runs a command line of the `expect-tensor` program without a process, as if a file took the output.
import { main } from '../../src/cli/index.ts'

export interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

export async function runProgram(...args: string[]): Promise<Outcome> {
  const [out, err]: [string[], string[]] = [[], []]
  const code = await main(args, {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    status: () => undefined,
    isTerminal: false,
    hasColors: false,
    width: Number.POSITIVE_INFINITY,
  })
  return { code, out: out.join('\n'), err: err.join('\n') }
}
