// The logistic function and its integral.
import { exp, log1p } from '../math/index.ts'

/** 1 / (1 + e^-x) */
export const sigmoid = (x: number): number => 1 / (1 + exp(-x))

/** log(1 + e^x) */
export const softplus = (x: number): number => Math.max(x, 0) + log1p(exp(-Math.abs(x)))
