// Environment variables, which browsers have none of.

/** The value of a variable; undefined where it is not set, or there are no variables. */
export function environmentVariable(name: string): string | undefined {
  const { process } = globalThis as { process?: Partial<NodeJS.Process> }
  return process?.env?.[name]
}
