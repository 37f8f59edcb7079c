// What a command of the `expect-tensor` program is. Each is one module with one `Command`.
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { columns } from '../explain/columns.ts'
import { reasonOf } from '../host/reason.ts'

/** One option of a command: what `parseArgs` of `node:util` takes, and what `--help` says of it. */
interface Option {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  /** May be given several times: the value is a list. */
  readonly multiple?: boolean
  /** What follows the value and looks like this is another value: `--atol 1e-5 logits:1e-4`. */
  readonly more?: RegExp
  /** What stands for the value in the help: `<path>`. */
  readonly value?: string
  readonly help: string
}

export type Options = Readonly<Record<string, Option>>

/** What every command has. */
const commonOptions = {
  json: { type: 'boolean', help: 'print JSON, for programs' },
  help: { type: 'boolean', short: 'h', help: 'print this' },
} as const satisfies Options

type Value<O extends Option> = O['type'] extends 'string' ? string : boolean
type ValueOrList<O extends Option> = O['multiple'] extends true ? readonly Value<O>[] : Value<O>
type Values<O extends Options> = { readonly [Name in keyof O]?: ValueOrList<O[Name]> }

/** Where a command writes, line by line. */
export interface Terminal {
  /** Results, to standard output. */
  out(line: string): void
  /** Progress and warnings, to standard error. */
  err(line: string): void
  /** A line about what is going on, which the next one replaces, and an empty one removes; nothing where nobody watches. */
  status(line: string): void
  /** Whether a person reads the results as they come: otherwise they go to a file or another program. */
  readonly isTerminal: boolean
  /** Whether it shows colours, and the person has not turned them off. */
  readonly hasColors: boolean
  /** Columns that a line may have; infinite where nobody reads along. */
  readonly width: number
}

/** One call of a command: the terminal, and its arguments. */
export interface Invocation<O extends Options> extends Terminal {
  readonly values: Values<O & typeof commonOptions>
  readonly positionals: readonly string[]
}

/** How a command is declared; see {@link defineCommand}. */
export interface CommandDefinition<O extends Options> {
  /** One line for the list of commands. */
  readonly summary: string
  /** The arguments that are no options, for the help: `<model.param>`. */
  readonly positionals: string
  /** What the help says before the options. */
  readonly description: string
  readonly options: O
  /**
   * Runs the command. Under `values.json` it prints one JSON document and nothing else.
   * @returns the exit code: 0, or 1 when the answer is no
   * @throws UsageError (exit code 2) for arguments that cannot be right
   */
  run(invocation: Invocation<O>): Promise<number>
}

/** A command whose options are its own business. */
export interface Command {
  readonly summary: string
  /** What `--help` prints. */
  usage(name: string): string
  /** @param args those behind the command's name */
  run(name: string, args: readonly string[], terminal: Terminal): Promise<number>
}

/** The command line is wrong: the message is printed with a pointer to `--help`. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Makes a command, which parses its arguments and answers `--help`. */
export function defineCommand<const O extends Options>(definition: CommandDefinition<O>): Command {
  const options: Options = { ...definition.options, ...commonOptions }
  const usage = (name: string): string => describe(name, definition, options)
  return {
    summary: definition.summary,
    usage,
    async run(name, args, terminal) {
      const { values, positionals } = parse(args, options)
      if (values.help) {
        terminal.out(usage(name))
        return 0
      }
      // parseArgs gives each option the type that it was declared with
      return definition.run({ ...terminal, values: values as Values<O & typeof commonOptions>, positionals })
    },
  }
}

function parse(args: readonly string[], options: Options) {
  const config: ParseArgsConfig['options'] = options
  try {
    return parseArgs({ args: withMoreValues(args, options), options: config, allowPositionals: true })
  } catch (cause) {
    throw new UsageError(reasonOf(cause), { cause })
  }
}

/** `--atol a b` as `--atol a --atol b`, where the option says that b is its own. */
function withMoreValues(args: readonly string[], options: Options): string[] {
  const spread: string[] = []
  let option: string | undefined
  let awaitsFirst = false
  for (const arg of args) {
    const [, name, value] = /^--([^=]+)(=.*)?$/.exec(arg) ?? []
    if (name !== undefined) {
      option = Object.hasOwn(options, name) && options[name].more ? name : undefined
      awaitsFirst = value === undefined
    } else if (awaitsFirst) {
      awaitsFirst = false
    } else if (option !== undefined && options[option].more?.test(arg)) {
      spread.push(`--${option}`)
    } else {
      option = undefined
    }
    spread.push(arg)
  }
  return spread
}

function describe(name: string, { positionals, description }: CommandDefinition<Options>, options: Options): string {
  const rows = Object.entries(options).map(([long, { short, value, multiple, help }]) => {
    const flag = `${short === undefined ? '' : `-${short}, `}--${long}${value === undefined ? '' : ` ${value}`}`
    return [`  ${flag}`, `${help}${multiple ? ' (may be repeated)' : ''}`]
  })
  return [
    ['Usage: expect-tensor', name, positionals, '[options]'].filter(Boolean).join(' '),
    '',
    description,
    '',
    'Options:',
    ...columns(rows, ['left', 'left']),
  ].join('\n')
}
