// Which runtimes are there, as test files ask.
import { inject } from 'vitest'
import type { JsRuntime, PythonRuntime } from './runtimes.ts'

/** Whether all of these npm packages are there. */
export const hasPackages = (...names: readonly JsRuntime[]): boolean => {
  const { packages } = inject('runtimes')
  return names.every((name) => packages[name] !== undefined)
}

/** The interpreter that has a Python package; undefined when there is none. */
export const pythonWith = (name: PythonRuntime): string | undefined => inject('runtimes').python[name]?.interpreter
