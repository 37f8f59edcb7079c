// What was thrown, as text: JavaScript lets anything be thrown.

/** The message of an error; anything else as a string. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
