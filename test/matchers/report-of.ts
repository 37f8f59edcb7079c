// Runs an assertion that must fail and returns what reporters print of it, without colours.
import { stripVTControlCharacters } from 'node:util'
import { processError } from '@vitest/utils/error'

/** Jest puts the diff into the message; Vitest puts it beside the message, and makes it only when it processes the error. */
export function reportOf(assertion: () => void): string {
  try {
    assertion()
  } catch (error) {
    const { message, diff } = processError(error) as { message: string; diff?: string }
    return stripVTControlCharacters(`${message}\n${diff ?? ''}`)
  }
  throw new Error('the assertion passed')
}
