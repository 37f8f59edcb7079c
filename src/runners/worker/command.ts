// A command that starts a worker, as users give it: word by word.

/** A program and its arguments; systems start none whose name is empty, and pass on no words with a zero in them. */
export function isCommand(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) && value.every((word) => typeof word === 'string' && !word.includes('\0')) && Boolean(value[0])
  )
}
