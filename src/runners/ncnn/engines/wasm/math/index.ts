// Elementary functions in double precision with the same bits on every machine: built from + - * / % and Math.sqrt, floor, abs,
// round, fround only, because a host's own Math.exp and the like differ from engine to engine. Accurate to 1 ulp; hyperbolic
// functions, atan2 and erfc to 2.
export { erf, erfc } from './error-function.ts'
export { exp, expm1 } from './exponential.ts'
export { acosh, asinh, atanh, cosh, sinh, tanh } from './hyperbolic.ts'
export { acos, asin, atan, atan2 } from './inverse-trigonometric.ts'
export { log, log1p, log2, log10 } from './logarithm.ts'
export { pow } from './power.ts'
export { cos, sin, tan } from './trigonometric.ts'
