// Cause: an operation on each element that one side lacks: an activation, a limit, a logarithm, a cast.

import { formatValue } from '../../../tensor/numbers.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import { leftOver } from '../prediction.ts'
import { directions, isVaried, nameOf, type Scene, type Side } from '../scene.ts'
import { elu, gelu, hardSigmoid, hardSwish, leakyRelu, mish, sigmoid, silu, softplus } from './activations.ts'

interface Operation {
  readonly code: string
  /** `ReLU`: what was done to the side that has it. */
  readonly name: string
  /** NaN outside of its domain. */
  readonly apply: (x: number) => number
  /** What it does to an element, root mean square, if noise around its results is not to be taken for it. */
  readonly size?: number
}

const operations: readonly Operation[] = [
  { code: 'activation', name: 'everything below 0 set to 0: a ReLU', apply: (x) => Math.max(0, x) },
  { code: 'activation', name: 'its absolute value (abs)', apply: Math.abs },
  { code: 'activation', name: 'its tanh', apply: Math.tanh },
  { code: 'activation', name: 'its sigmoid', apply: sigmoid },
  { code: 'activation', name: 'its GELU', apply: gelu },
  { code: 'activation', name: 'its SiLU (Swish)', apply: silu },
  { code: 'activation', name: 'its hard swish', apply: hardSwish },
  { code: 'activation', name: 'its hard sigmoid', apply: hardSigmoid },
  { code: 'activation', name: 'its Mish', apply: mish },
  { code: 'activation', name: 'its ELU', apply: elu },
  { code: 'activation', name: 'its softplus', apply: softplus },
  ...[0.01, 0.1, 0.2, 0.25].map((slope) => ({
    code: 'activation',
    name: `its leaky ReLU (slope ${slope})`,
    apply: leakyRelu(slope),
  })),
  { code: 'logarithm', name: 'its exponential', apply: Math.exp },
  { code: 'logarithm', name: 'its base-10 exponential', apply: (x) => 10 ** x },
  { code: 'logarithm', name: 'the logarithm of 1 plus it (log1p)', apply: Math.log1p },
  { code: 'logarithm', name: 'ten times its base-10 logarithm (decibels)', apply: (x) => 10 * Math.log10(x) },
  { code: 'logarithm', name: 'twenty times its base-10 logarithm (decibels)', apply: (x) => 20 * Math.log10(x) },
  { code: 'power', name: 'its square', apply: (x) => x * x },
  { code: 'power', name: 'its reciprocal', apply: (x) => 1 / x },
  { code: 'power', name: 'its power of 2.2 (gamma)', apply: (x) => (x < 0 ? Number.NaN : x ** 2.2) },
  { code: 'inverted', name: '1 minus it', apply: (x) => 1 - x },
  { code: 'inverted', name: '255 minus it', apply: (x) => 255 - x },
  { code: 'rounded', name: 'it rounded to whole numbers', apply: roundHalfToEven, size: 1 / Math.sqrt(12) },
  {
    code: 'rounded',
    name: 'it cut to whole numbers, as a cast to an integer does',
    apply: Math.trunc,
    size: 1 / Math.sqrt(3),
  },
]

/** Operations resemble each other: one nearly explains what another one has done. */
const mostLeft = 2e-3

export const elementOperations: Hypothesis = (scene) =>
  directions(scene).flatMap(({ from, to }) =>
    isVaried(to, scene) ? operations.flatMap((operation) => tryOperation(scene, operation, from, to)) : [],
  )

function tryOperation(scene: Scene, { code, name, apply, size }: Operation, from: Side, to: Side): Finding[] {
  if (size !== undefined && !hasSize(scene, size)) return []
  const left = leftOver(scene, { target: to, at: (i) => orOutside(apply(from.values[i])) })
  if (left > mostLeft) return []
  return [{ code, message: `${nameOf(to)} is ${nameOf(from)} after an operation: ${name}; ${remedy(to)}`, left }]
}

/** What lies outside of an operation's domain did not go through it. */
function orOutside(value: number): number {
  return Number.isNaN(value) ? Infinity : value
}

/** Fewer do not show how errors are spread. */
const leastRounded = 24

function hasSize({ error, length }: Scene, size: number): boolean {
  const rms = Math.sqrt(error / length)
  return length >= leastRounded && rms > 0.9 * size && rms < 1.1 * size
}

/** Elements that have to lie at a limit before one is blamed. */
const leastAtLimit = 4
const leastShareAtLimit = 0.002

/** Values cut off at the extremes of the other side. */
export const limits: Hypothesis = (scene) =>
  directions(scene).flatMap(({ from, to }): Finding[] => {
    if (!isVaried(to, scene)) return []
    const limited = (low: number, high: number) =>
      leftOver(scene, { target: to, at: (i) => Math.min(high, Math.max(low, from.values[i])) })
    if (limited(to.min, to.max) > 1) return []
    const cutsBelow = from.min < to.min && isLimit(scene, from, to, to.min, -1)
    const cutsAbove = from.max > to.max && isLimit(scene, from, to, to.max, 1)
    if (!(cutsBelow || cutsAbove)) return []
    const [low, high] = [cutsBelow ? to.min : -Infinity, cutsAbove ? to.max : Infinity]
    const left = limited(low, high)
    const range = [
      cutsBelow && `at least ${formatValue(low, 'float32')}`,
      cutsAbove && `at most ${formatValue(high, 'float32')}`,
    ]
    return [
      {
        code: 'limit',
        message: `${nameOf(to)} is ${nameOf(from)} limited to ${range.filter(Boolean).join(' and ')}: a clip or saturation that one side lacks`,
        left,
        parameters: 2,
      },
    ]
  })

/** Whether several elements lie at the limit, and all that lie beyond it on the other side: above it for the sign 1, below for -1. */
function isLimit({ length }: Scene, from: Side, to: Side, limit: number, sign: 1 | -1): boolean {
  const [values, limited, slack] = [from.values, to.values, 1e-3 * Math.abs(limit)]
  let beyond = 0
  let atLimit = 0
  for (let i = 0; i < length; i++) {
    if (sign * (values[i] - limit) < 0) continue
    beyond++
    if (Math.abs(limited[i] - limit) <= slack) atLimit++
  }
  return atLimit >= Math.max(leastAtLimit, leastShareAtLimit * length) && atLimit > 0.9 * beyond
}

function remedy({ name }: Side): string {
  return name === 'reference'
    ? 'actual lacks it, or is the blob before it'
    : 'the reference lacks it, or is the blob before it'
}

function roundHalfToEven(x: number): number {
  const down = Math.floor(x)
  const rest = x - down
  if (rest !== 0.5) return Math.round(x)
  return down % 2 === 0 ? down : down + 1
}
