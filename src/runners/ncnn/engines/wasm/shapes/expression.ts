// Shape expressions: how Reshape, Interp and Crop compute sizes from the shapes of their inputs, as in "*(0w,2),-1".
// Format: Tencent/ncnn, docs/developer-guide/expression.md
import { NcnnError } from '../../../error.ts'
import * as math from '../math/index.ts'
import { type AxisName, namedLengths } from './axes.ts'

/** ncnn computes with 32-bit integers as long as no operand is a float, then with single precision. */
interface Value {
  readonly number: number
  readonly integer: boolean
}

const integer = (number: number): Value => ({ number: number | 0, integer: true })
const single = (number: number): Value => ({ number: Math.fround(number), integer: false })

interface Operator {
  readonly arity: 1 | 2
  apply(a: Value, b: Value): Value
}

/** Integers give an integer, anything else a float. */
const unary = (ofIntegers: (a: number) => number, ofFloats = ofIntegers): Operator => ({
  arity: 1,
  apply: (a) => (a.integer ? integer(ofIntegers(a.number)) : single(ofFloats(a.number))),
})
const binary = (ofIntegers: (a: number, b: number) => number, ofFloats = ofIntegers): Operator => ({
  arity: 2,
  apply: (a, b) =>
    a.integer && b.integer ? integer(ofIntegers(a.number, b.number)) : single(ofFloats(a.number, b.number)),
})
/** Always a float. */
const floatUnary = (compute: (a: number) => number): Operator => ({
  arity: 1,
  apply: (a) => single(compute(a.number)),
})
const floatBinary = (compute: (a: number, b: number) => number): Operator => ({
  arity: 2,
  apply: (a, b) => single(compute(a.number, b.number)),
})
/** A float becomes an integer. */
const rounding = (round: (a: number) => number): Operator => ({
  arity: 1,
  apply: (a) => (a.integer ? a : toInteger(round(a.number))),
})
const bitwise = (compute: (a: number, b: number) => number): Operator => ({
  arity: 2,
  apply(a, b) {
    if (!a.integer || !b.integer) throw new NcnnError('a bitwise operator works on integers only')
    return integer(compute(a.number, b.number))
  },
})

function divideIntegers(a: number, b: number): number {
  if (b === 0) throw new NcnnError('it divides by zero')
  return Math.trunc(a / b)
}

/** Rounds half away from zero, as C does. */
const roundHalfAway = (a: number): number => Math.sign(a) * Math.floor(Math.abs(a) + 0.5)

const remainder = (a: number, b: number): number => (a % b) + (a * b < 0 ? b : 0)

const operators = new Map<string, Operator>(
  Object.entries({
    '+': binary((a, b) => a + b),
    '-': binary((a, b) => a - b),
    '*': binary(Math.imul, (a, b) => a * b),
    '//': binary(divideIntegers, (a, b) => Math.floor(Math.fround(a / b))),
    '/': floatBinary((a, b) => a / b),
    max: binary(Math.max),
    min: binary(Math.min),
    pow: floatBinary(math.pow),
    fmod: floatBinary((a, b) => a % b),
    remainder: floatBinary(remainder),
    atan2: floatBinary(math.atan2),
    logaddexp: floatBinary((a, b) => math.log(math.exp(a) + math.exp(b))),
    abs: unary(Math.abs),
    neg: unary((a) => -a),
    sign: unary(Math.sign),
    square: unary(
      (a) => Math.imul(a, a),
      (a) => a * a,
    ),
    trunc: rounding(Math.trunc),
    ceil: rounding(Math.ceil),
    floor: rounding(Math.floor),
    round: rounding(roundHalfAway),
    sqrt: floatUnary(Math.sqrt),
    rsqrt: floatUnary((a) => 1 / Math.sqrt(a)),
    reciprocal: floatUnary((a) => 1 / a),
    exp: floatUnary(math.exp),
    log: floatUnary(math.log),
    log10: floatUnary(math.log10),
    erf: floatUnary(math.erf),
    sin: floatUnary(math.sin),
    cos: floatUnary(math.cos),
    tan: floatUnary(math.tan),
    asin: floatUnary(math.asin),
    acos: floatUnary(math.acos),
    atan: floatUnary(math.atan),
    sinh: floatUnary(math.sinh),
    cosh: floatUnary(math.cosh),
    tanh: floatUnary(math.tanh),
    asinh: floatUnary(math.asinh),
    acosh: floatUnary(math.acosh),
    atanh: floatUnary(math.atanh),
    and: bitwise((a, b) => a & b),
    or: bitwise((a, b) => a | b),
    xor: bitwise((a, b) => a ^ b),
    lshift: bitwise((a, b) => a << b),
    rshift: bitwise((a, b) => a >> b),
  }),
)

/**
 * Evaluates a comma-separated list of sizes.
 *
 * Operators precede their arguments, `+(0w,1)`, and have a fixed number of them, so that brackets and commas only separate, as in
 * ncnn; the list is read backwards with a stack.
 *
 * @param shapes shapes of the layer's inputs; `0w` is the width of the first
 * @param batches their numbers of samples; `0n` is that of the first
 * @throws {NcnnError} that quotes the expression and says what is wrong with it
 */
export function evaluateSizes(
  expression: string,
  shapes: readonly (readonly number[])[],
  batches: readonly number[] = shapes.map(() => 1),
): number[] {
  const stack: Value[] = []
  try {
    for (const token of expression.split(/[(),]/).reverse()) {
      if (token === '') continue
      const operator = operators.get(token)
      stack.push(operator ? applyTo(stack, token, operator) : operand(token, shapes, batches))
    }
    if (stack.length === 0) throw new NcnnError('it is empty')
    return stack.reverse().map((value) => toInteger(Math.trunc(value.number)).number)
  } catch (error) {
    if (!(error instanceof NcnnError)) throw error
    throw new NcnnError(`shape expression "${expression}": ${error.message}`)
  }
}

/** Whether an expression names lengths of other inputs than the first: `1w`, `2h`. */
export const refersToOthers = (expression: string): boolean =>
  expression.split(/[(),]/).some((token) => /^0*[1-9]\d*[whdcn]$/.test(token))

function applyTo(stack: Value[], name: string, { arity, apply }: Operator): Value {
  const a = stack.pop()
  const b = arity === 2 ? stack.pop() : a
  if (a === undefined || b === undefined) throw new NcnnError(`"${name}" needs ${arity} arguments`)
  return apply(a, b)
}

/** `1h`, the height of the second input; or a number. Like ncnn, what follows a number is passed over: `0h//2` is 0. */
function operand(token: string, shapes: readonly (readonly number[])[], batches: readonly number[]): Value {
  const reference = /^(\d)([whdcn])$/.exec(token)
  if (reference) {
    const shape = shapes[Number(reference[1])]
    if (shape === undefined) throw new NcnnError(`"${token}" refers to an input that the layer does not have`)
    return integer(reference[2] === 'n' ? batches[Number(reference[1])] : namedLengths(shape)[reference[2] as AxisName])
  }
  const number = Number.parseFloat(token)
  if (!/^\s*[+-]?[\d.]/.test(token) || Number.isNaN(number)) {
    throw new NcnnError(`"${token}" is neither a number, a size such as 0w, nor an operator`)
  }
  const leadingInteger = Number.parseInt(token, 10)
  return leadingInteger === number && number === (number | 0) ? integer(number) : single(number)
}

function toInteger(number: number): Value {
  if (number !== (number | 0)) throw new NcnnError(`it gives ${number}, which is not a size`)
  return integer(number)
}
