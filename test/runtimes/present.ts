// Which runtimes are there, as test files ask.
import { inject } from 'vitest'
import type { JsRuntime } from './runtimes.ts'

/** Whether all of these npm packages are there. */
export const hasPackages = (...names: readonly JsRuntime[]): boolean => {
  const { packages } = inject('runtimes')
  return names.every((name) => packages[name] !== undefined)
}
