// The terminal of this process.
import type { Terminal } from './command.ts'

/** ECMA-48: erase in line, from the cursor to its end. */
const eraseLine = '\u001b[K'

/** Writes to standard output and standard error. A reader that has seen enough, such as `head`, ends the program without an error. */
export function processTerminal(): Terminal {
  const { stdout, stderr } = process
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0)
      throw error
    })
  }
  return {
    out: (line) => void stdout.write(`${line}\n`),
    err: (line) => void stderr.write(`${line}\n`),
    status: (line) => void (stderr.isTTY && stderr.write(`\r${eraseLine}${line}`)),
    isTerminal: stdout.isTTY === true,
    hasColors: stdout.isTTY === true && stdout.hasColors(),
    width: stdout.isTTY ? stdout.columns : Number.POSITIVE_INFINITY,
  }
}
