// The `expect-tensor` program: finds the command and runs it.
import packageJson from '../../package.json' with { type: 'json' }
import { didYouMean } from '../compare/index.ts'
import { type Command, UsageError } from './command.ts'
import { inspect } from './inspect.ts'
import { prune } from './prune.ts'

const commands: Readonly<Record<string, Command>> = { inspect, prune }

/** Runs one command line and returns the exit code: 0, 1 when the answer is no or something failed, 2 for a wrong command line. */
export async function main(
  args: readonly string[],
  print = (line: string) => void process.stdout.write(`${line}\n`),
  printError = (line: string) => void process.stderr.write(`${line}\n`),
): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    print(describeCommands())
    return name === undefined ? 2 : 0
  }
  if (name === '--version' || name === '-v') {
    print(packageJson.version)
    return 0
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) {
    printError(
      `expect-tensor has no command '${name}'${didYouMean(name, Object.keys(commands))}\n\n${describeCommands()}`,
    )
    return 2
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    print(command.usage)
    return 0
  }
  try {
    return await command.run(rest, print)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const isUsage = error instanceof UsageError || code?.startsWith('ERR_PARSE_ARGS')
    printError(`expect-tensor ${name}: ${message}${isUsage ? `\nSee expect-tensor ${name} --help` : ''}`)
    return isUsage ? 2 : 1
  }
}

function describeCommands(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length))
  const list = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`)
  return [
    'Usage: expect-tensor <command> [arguments]',
    '',
    ...list,
    '',
    'expect-tensor <command> --help says more.',
  ].join('\n')
}
