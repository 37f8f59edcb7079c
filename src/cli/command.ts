// What a command of the `expect-tensor` program is. Each is one module with one `Command`.

export interface Command {
  /** One line for the list of commands. */
  readonly summary: string
  /** What `--help` prints. */
  readonly usage: string
  /**
   * Runs the command. `args` are those after its name; `print` writes a line to standard output.
   * @returns the exit code: 0, or 1 when the answer is no
   * @throws UsageError (exit code 2) for arguments that cannot be right
   */
  run(args: string[], print: (line: string) => void): Promise<number>
}

/** The command line is wrong: the message is printed with a pointer to `--help`. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
