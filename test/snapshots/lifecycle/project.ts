// A throw-away project with both runners in it, whose tests are run as child processes.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))

interface Outcome {
  readonly code: number
  readonly output: string
  /** The runner's line about snapshots, such as `2 updated`. */
  readonly summary: string
}

interface Command {
  readonly script: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
}

export type Runner = 'vitest' | 'jest'

export interface Project {
  readonly folder: string
  /** What the model of the project's tests computes. */
  setValues(values: object): void
  run(args: readonly string[], options?: { readonly ci?: boolean; readonly env?: NodeJS.ProcessEnv }): Promise<Outcome>
  /** How to start the runner, for those who do not want to wait for its end. */
  command(args: readonly string[]): Command
  /** The tensor files, with a hash of their contents. */
  tensorFiles(): Record<string, string>
  /** Checks that the .snap files name exactly the tensor files there are, each by its hash. Returns what is wrong. */
  inconsistencies(): string[]
  remove(): void
}

/** Where the runners are installed. EXPECT_TENSOR_VITEST names the node_modules folder of another Vitest than the project's own. */
const ownModules = join(root, 'node_modules')
const vitestModules = process.env.EXPECT_TENSOR_VITEST ?? ownModules

const commands: Readonly<Record<Runner, readonly string[]>> = {
  vitest: [join(vitestModules, 'vitest/vitest.mjs'), 'run'],
  jest: [join(ownModules, 'jest/bin/jest.js')],
}

/** Copies `tests` (a folder) into a new project that has the built package installed. */
export function createProject(runner: Runner, tests: string): Project {
  const folder = mkdtempSync(join(tmpdir(), `expect-tensor-${runner}-`))
  cpSync(tests, folder, { recursive: true })
  const installed = join(folder, 'node_modules/expect-tensor')
  mkdirSync(installed, { recursive: true })
  cpSync(join(root, 'dist'), join(installed, 'dist'), { recursive: true })
  cpSync(join(root, 'package.json'), join(installed, 'package.json'))
  const link = (modules: string, name: string) =>
    symlinkSync(join(modules, name), join(folder, 'node_modules', name), 'junction')
  link(vitestModules, 'vitest')
  for (const name of ['jest', 'expect', '@jest']) link(ownModules, name)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }))
  writeFileSync(
    join(folder, 'vitest.config.mjs'),
    `export default { test: { globals: true, setupFiles: ['expect-tensor/vitest'], include: ['*.test.js'] } }`,
  )
  writeFileSync(
    join(folder, 'jest.config.json'),
    JSON.stringify({ setupFilesAfterEnv: ['expect-tensor/jest'], transform: {}, testMatch: ['<rootDir>/*.test.js'] }),
  )
  const snapFolder = join(folder, '__snapshots__')

  return {
    folder,
    setValues: (values) => writeFileSync(join(folder, 'values.json'), JSON.stringify(values)),
    command: (args) => commandOf(runner, args, false),
    run(args, { ci = false, env } = {}) {
      const command = commandOf(runner, args, ci)
      return run({ ...command, env: { ...command.env, ...env } }, folder)
    },
    tensorFiles: () => tensorFilesIn(snapFolder),
    inconsistencies: () => inconsistenciesIn(snapFolder),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function commandOf(runner: Runner, args: readonly string[], ci: boolean): Command {
  const { CI: _, GITHUB_ACTIONS: __, VITEST: ___, VITEST_WORKER_ID: ____, ...inherited } = process.env
  const [script = '', ...first] = commands[runner]
  // Jest looks at the environment only through a package of its own: the flag says the same
  const mode = runner === 'jest' ? [`--ci=${ci}`] : []
  const env = { ...inherited, NODE_ENV: 'test', NO_COLOR: '1', ...(ci ? { CI: 'true' } : {}) }
  return { script, args: [...first, ...mode, ...args], env }
}

function run({ script, args, env }: Command, cwd: string): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], { cwd, env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      const output = stdout + stderr
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ code, output, summary: /^ *Snapshots:? +(.*)$/m.exec(output)?.[1]?.trim() ?? '' })
    })
  })
}

function tensorFilesIn(snapFolder: string): Record<string, string> {
  if (!existsSync(snapFolder)) return {}
  const folders = readdirSync(snapFolder).filter((name) => name.endsWith('.tensors'))
  const paths = folders.flatMap((name) => readdirSync(join(snapFolder, name)).map((file) => `${name}/${file}`))
  return Object.fromEntries(paths.map((path) => [path, hashOf(join(snapFolder, path))]))
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

function inconsistenciesIn(snapFolder: string): string[] {
  const files = tensorFilesIn(snapFolder)
  const problems: string[] = []
  const named = new Set<string>()
  const snaps = existsSync(snapFolder) ? readdirSync(snapFolder).filter((name) => name.endsWith('.snap')) : []
  for (const snap of snaps) {
    const text = readFileSync(join(snapFolder, snap), 'utf8')
    for (const [, file = '', sha256] of text.matchAll(/"file": "(.*)",\n *"sha256": "(.*)"/g)) {
      named.add(file)
      if (files[file] === undefined) problems.push(`${snap} names ${file}, which is not there`)
      else if (files[file] !== sha256) problems.push(`${snap} names ${file} by another hash`)
    }
  }
  for (const file of Object.keys(files)) if (!named.has(file)) problems.push(`${file} is named nowhere`)
  return problems
}
