// Runs an assertion that must fail and returns its message.

export function messageOf(assertion: () => void): string {
  try {
    assertion()
  } catch (error) {
    if (error instanceof Error) return error.message
    throw error
  }
  throw new Error('the assertion passed')
}
