// The parameters of ncnn's Input layer: the shape that a model declares for an input.
import { int } from './params.ts'

export const inputParams = { w: int(0), h: int(1), d: int(11), c: int(2) } as const
