// The `expect-tensor` program: finds the command and runs it.
import packageJson from '../../package.json' with { type: 'json' }
import { didYouMean } from '../arguments/did-you-mean.ts'
import { columns } from '../explain/columns.ts'
import { reasonOf } from '../host/reason.ts'
import { type Command, type Terminal, UsageError } from './command.ts'
import { compare } from './compare.ts'
import { deviceWorker } from './device-worker.ts'
import { diagnose } from './diagnose.ts'
import { init } from './init.ts'
import { inspect } from './inspect.ts'
import { prune } from './prune.ts'
import { record } from './record.ts'
import { repair } from './repair.ts'
import { report } from './report.ts'
import { run } from './run.ts'

export const commands: Readonly<Record<string, Command>> = {
  compare,
  'device-worker': deviceWorker,
  diagnose,
  init,
  inspect,
  prune,
  record,
  repair,
  report,
  run,
}

/** Runs one command line and returns the exit code: 0, 1 when the answer is no or something failed, 2 for a wrong command line. */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    terminal.out(describeCommands())
    return name === undefined ? 2 : 0
  }
  if (name === '--version' || name === '-v') {
    terminal.out(packageJson.version)
    return 0
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) {
    terminal.err(
      `expect-tensor has no command '${name}'${didYouMean(name, Object.keys(commands))}\n\n${describeCommands()}`,
    )
    return 2
  }
  try {
    return await command.run(name, rest, terminal)
  } catch (error) {
    const isUsage = error instanceof UsageError
    terminal.err(`expect-tensor ${name}: ${reasonOf(error)}${isUsage ? `\nSee expect-tensor ${name} --help` : ''}`)
    return isUsage ? 2 : 1
  }
}

function describeCommands(): string {
  const rows = Object.entries(commands).map(([name, { summary }]) => [`  ${name}`, summary])
  return [
    'Usage: expect-tensor <command> [arguments]',
    '',
    ...columns(rows, ['left', 'left']),
    '',
    'expect-tensor <command> --help says more.',
  ].join('\n')
}
