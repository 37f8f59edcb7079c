// Runs Python from a test: suites that name the packages they need, snippets that take and return JSON.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, inject } from 'vitest'

/** The packages that tests of this suite may need. */
export const pythonPackages = ['numpy', 'safetensors', 'ncnn'] as const

export type PythonPackage = (typeof pythonPackages)[number]

export interface PythonSetup {
  readonly interpreter: string
  /** Absent when the interpreter cannot be run. */
  readonly version?: string
  /** Versions of the packages that can be imported. */
  readonly installed: Readonly<Partial<Record<PythonPackage, string>>>
  /** Why the others cannot. */
  readonly missing: Readonly<Partial<Record<PythonPackage, string>>>
}

declare module 'vitest' {
  interface ProvidedContext {
    python: PythonSetup
  }
}

/** A `describe` whose tests are skipped, with the reason in their name, unless Python has all of `packages`. */
export function describeWithPython(name: string, packages: readonly PythonPackage[], body: () => void): void {
  const { missing } = inject('python')
  const absent = packages.filter((needed) => missing[needed] !== undefined)
  const reason = absent.length > 0 ? ` [skipped: Python has no ${absent.join(', no ')}]` : ''
  describe.skipIf(absent.length > 0)(name + reason, body)
}

const prelude = `
import json, sys
args = json.load(sys.stdin)
`
const epilogue = `
sys.stdout.write("\\n" + json.dumps(result, allow_nan=False) + "\\n")
`

/**
 * Runs a snippet that finds the caller's arguments in `args` and leaves its answer in `result`. Both travel as JSON; tensors
 * travel in files, whose paths are arguments.
 * @throws Error with Python's traceback when the snippet fails
 */
export async function runPython<Result>(code: string, args: unknown = {}): Promise<Result> {
  const { interpreter } = inject('python')
  const running = promisify(execFile)(interpreter, ['-c', prelude + code + epilogue], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    timeout: 60_000,
  })
  running.child.stdin?.end(JSON.stringify(args))
  const { stdout } = await running
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Result
}
