// Einsum: sums of products over named axes.
import { rowMajorStrides, sizeOf } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import { ints } from '../../../params.ts'
import type { Blob } from '../blob.ts'
import { defineLayer } from '../layer.ts'

/** An equation such as `ijk,ikl->ijl`, taken apart. */
interface Equation {
  readonly inputs: readonly string[]
  readonly output: string
}

/**
 * y = einsum(equation, x0, x1, ...). The result has the axes i, j, k, l, as many as the equation names behind the arrow, in this
 * order whatever it says there (pnnx numbers axes that way); all others are summed over. `ii` alone is the trace.
 */
export const Einsum = defineLayer({
  type: 'Einsum',
  inputs: '1+',
  params: { equation: ints(0) },
  prepare: ({ params: { equation } }) => parseEquation(String.fromCharCode(...equation)),
  forward(inputs, { prepared: equation }, { alloc }) {
    const lengths = axisLengths(equation, inputs)
    const summed = [...lengths.keys()].filter((axis) => !equation.output.includes(axis))
    const kept = [...equation.output]
    const lengthOf = (axis: string): number => lengths.get(axis) ?? 1
    const y = alloc(kept.length === 0 ? [1] : kept.map(lengthOf))
    const axes = [...kept, ...summed]
    const sums = sizeOf(summed.map(lengthOf))
    const strides = inputs.map((x, index) => stridesFor(axes, equation.inputs[index], x))
    const data = inputs.map((x) => x.data)
    const target = y.data

    const counter = axes.map(() => 0)
    const offsets = inputs.map(() => 0)
    for (let i = 0; i < target.length; i++) {
      let sum = 0
      for (let s = 0; s < sums; s++) {
        let product = 1
        for (let n = 0; n < data.length; n++) product *= data[n][offsets[n]]
        sum += product
        advance(counter, axes.map(lengthOf), strides, offsets)
      }
      target[i] = sum
    }
    return y
  },
})

function parseEquation(text: string): Equation {
  if (text === 'ii') return { inputs: ['ii'], output: '' }
  const match = /^([i-x]+(?:,[i-x]+)*)->([i-l]{1,4})$/.exec(text)
  if (match === null)
    throw new NcnnError(`the equation "${text}" is not of ncnn's form, such as "ijk,ikl->ijl" with result axes i to l`)
  return { inputs: match[1].split(','), output: 'ijkl'.slice(0, match[2].length) }
}

function axisLengths({ inputs }: Equation, blobs: readonly Blob[]): Map<string, number> {
  if (inputs.length !== blobs.length)
    throw new NcnnError(`the equation has ${inputs.length} operands, the layer ${blobs.length} inputs`)
  const lengths = new Map<string, number>()
  for (const [index, axes] of inputs.entries()) {
    const { shape } = blobs[index]
    if (axes.length !== shape.length)
      throw new NcnnError(`operand "${axes}" does not fit an input with shape [${shape.join(', ')}]`)
    for (const [position, axis] of [...axes].entries()) {
      const known = lengths.get(axis)
      if (known !== undefined && known !== shape[position]) {
        throw new NcnnError(`axis ${axis} has length ${known} and ${shape[position]}`)
      }
      lengths.set(axis, shape[position])
    }
  }
  return lengths
}

/** How far an operand's offset moves for a step along each axis; an axis that occurs twice moves along the diagonal. */
function stridesFor(axes: readonly string[], own: string, { shape }: Blob): number[] {
  const strides = rowMajorStrides(shape)
  return axes.map((axis) => [...own].reduce((sum, name, position) => sum + (name === axis ? strides[position] : 0), 0))
}

/** Moves the last axis on, and those before it when it wraps around. */
function advance(
  counter: number[],
  lengths: readonly number[],
  strides: readonly (readonly number[])[],
  offsets: number[],
): void {
  for (let axis = counter.length - 1; axis >= 0; axis--) {
    counter[axis]++
    for (let n = 0; n < offsets.length; n++) offsets[n] += strides[n][axis]
    if (counter[axis] < lengths[axis]) return
    for (let n = 0; n < offsets.length; n++) offsets[n] -= strides[n][axis] * lengths[axis]
    counter[axis] = 0
  }
}
