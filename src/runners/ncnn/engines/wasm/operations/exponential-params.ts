// The base, factor and offset that Exp and Log have.
import { float } from '../../../params.ts'

/** The value of `base` that stands for e. */
export const naturalBase = -1

export const exponentialParams = { base: float(0, naturalBase), scale: float(1, 1), shift: float(2) } as const
