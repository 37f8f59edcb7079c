// Cause: the same values went through two activations that resemble each other, such as two forms of GELU.
import type { Finding, Hypothesis } from '../hypothesis.ts'
import { leftOver } from '../prediction.ts'
import { directions, nameOf, type Side } from '../scene.ts'
import { elu, gelu, geluTanh, hardSigmoid, hardSwish, mish, quickGelu, sigmoid, silu } from './activations.ts'

interface Form {
  readonly name: string
  readonly apply: (x: number) => number
  /** From here on it grows. */
  readonly growsFrom: number
}

/** Those that can be undone, at least from their least value on. */
const forms: readonly Form[] = [
  { name: 'GELU', apply: gelu, growsFrom: -0.7517916243860019 },
  { name: 'the tanh form of GELU', apply: geluTanh, growsFrom: -0.7524614 },
  { name: 'quick GELU (x * sigmoid(1.702 x))', apply: quickGelu, growsFrom: -0.7513 },
  { name: 'SiLU (Swish)', apply: silu, growsFrom: -1.2784645 },
  { name: 'hard swish', apply: hardSwish, growsFrom: -1.5 },
  { name: 'Mish', apply: mish, growsFrom: -1.1924 },
  { name: 'ELU', apply: elu, growsFrom: -12 },
  { name: 'sigmoid', apply: sigmoid, growsFrom: -12 },
  { name: 'hard sigmoid', apply: hardSigmoid, growsFrom: -3 },
]

/** What the sides can be made from, when nothing undoes it. */
const targets: readonly Form[] = [...forms, { name: 'ReLU', apply: (x) => Math.max(0, x), growsFrom: 0 }]

/** Forms resemble each other: two of them nearly explain what none of them has done. */
const mostLeft = 1e-4

/** Beyond this they are constant or straight lines. */
const farthest = 12

export const activationForms: Hypothesis = (scene) =>
  directions(scene).flatMap(({ from, to }) =>
    forms.flatMap((form): Finding[] => {
      if (!isWithinRange(form, from)) return []
      const inverse = inverseOf(form)
      return targets.flatMap((other): Finding[] => {
        if (other === form) return []
        const at = (i: number): number => {
          const value = from.values[i]
          const grown = other.apply(inverse.growing(value))
          if (inverse.falling === undefined || value >= 0) return grown
          const fallen = other.apply(inverse.falling(value))
          return Math.abs(fallen - to.values[i]) < Math.abs(grown - to.values[i]) ? fallen : grown
        }
        const left = leftOver(scene, { target: to, at })
        if (left > mostLeft) return []
        return [
          {
            code: 'activation-form',
            message: `${nameOf(from)} looks like the result of ${form.name}, ${nameOf(to)} like that of ${other.name}`,
            left,
            parameters: 1,
          },
        ]
      })
    }),
  )

/** Whether all elements can be results of an activation. */
function isWithinRange({ apply, growsFrom }: Form, { min, max }: Side): boolean {
  const greatest = apply(farthest)
  return min >= apply(growsFrom) - 1e-3 && (greatest > 2 || max <= greatest + 1e-3)
}

interface Inverse {
  readonly growing: (value: number) => number
  /** Below its argument of least value, for those that fall first. */
  readonly falling: ((value: number) => number) | undefined
}

const inverses = new Map<Form, Inverse>()

function inverseOf(form: Form): Inverse {
  const known = inverses.get(form)
  if (known !== undefined) return known
  const { apply, growsFrom } = form
  const least = apply(growsFrom)
  const falls = growsFrom > -farthest && apply(-farthest) > least + 1e-3
  const inverse: Inverse = {
    growing: tabulate(apply, growsFrom, farthest),
    falling: falls ? tabulate(apply, growsFrom, -farthest) : undefined,
  }
  inverses.set(form, inverse)
  return inverse
}

const tableLength = 4096

/**
 * The argument between `from` and `to` that gives a value: looked up, and interpolated. Beyond `to` the function is taken as a straight
 * line. The table is filled as far as it is looked at: most forms are given up after a few elements.
 */
function tabulate(apply: (x: number) => number, from: number, to: number): (value: number) => number {
  const step = (to - from) / (tableLength - 1)
  const table = new Float64Array(tableLength).fill(Number.NaN)
  const last = tableLength - 1
  table[0] = apply(from)
  table[last] = apply(to)
  return (value) => {
    if (value >= table[last]) return to + (value - table[last])
    let low = 0
    let high = last
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (Number.isNaN(table[middle])) table[middle] = apply(from + middle * step)
      if (table[middle] <= value) low = middle
      else high = middle
    }
    const rise = table[high] - table[low]
    return from + step * (low + (rise === 0 ? 0 : Math.max(0, (value - table[low]) / rise)))
  }
}
