// Einsum: sums of products over named axes.
import { formatShape, rowMajorStrides, sizeOf } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import { ints } from '../../../params.ts'
import { defineLayer, type Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { multiply } from '../operations/matrix.ts'
import { operand } from '../operations/operand.ts'
import { copyStrided, viewOf } from '../operations/strided-copy.ts'
import { keptBatch } from '../shapes/axes.ts'

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
  binaryId: 92,
  inputs: '1+',
  elements: 'float32',
  stores16: false,
  params: { equation: ints(0) },
  /** Every combination of the letters is one product for each operand. */
  flops({ params: { equation }, inputs }) {
    const parsed = parseEquation(textOf(equation))
    const lengths = axisLengths(
      parsed,
      inputs.map((shape) => ({ shape })),
    )
    return parsed.inputs.length * sizeOf([...lengths.values()])
  },
  prepare: ({ params: { equation } }) => parseEquation(textOf(equation)),
  forward(inputs, { prepared: equation }, workspace) {
    const lengths = axisLengths(equation, inputs)
    const { output } = equation
    const lengthOf = (axis: string): number => lengths.get(axis) ?? 1
    const y = workspace.alloc(output === '' ? [1] : [...output].map(lengthOf))
    const product = workspace.float === 'float32' ? asMatrixProduct(equation) : undefined
    if (product === undefined) sumProducts(equation, inputs, lengths, y)
    else multiplyMatrices(equation, product, inputs, lengthOf, y, workspace)
    return y
  },
})

/** ncnn keeps text as an array of character codes. */
const textOf = (codes: readonly number[]): string => codes.map((code) => String.fromCharCode(code)).join('')

/** The axes of a product of matrices, or of as many products as `batch` has indices: y[batch, rows, columns] = sum over depth. */
interface MatrixProduct {
  readonly batch: readonly string[]
  readonly rows: readonly string[]
  readonly columns: readonly string[]
  readonly depth: readonly string[]
}

/** Two operands, each of whose axes is the other's, too, or the result's. */
function asMatrixProduct({ inputs, output }: Equation): MatrixProduct | undefined {
  const [left, right, ...others] = inputs
  if (right === undefined || others.length > 0 || [left, right].some((axes) => new Set(axes).size < axes.length))
    return undefined
  const [ofLeft, ofRight] = [[...left], [...right]]
  const batch = ofLeft.filter((axis) => right.includes(axis) && output.includes(axis))
  const depth = ofLeft.filter((axis) => right.includes(axis) && !output.includes(axis))
  const rows = ofLeft.filter((axis) => !right.includes(axis))
  const columns = ofRight.filter((axis) => !left.includes(axis))
  const isKept = [...rows, ...columns].every((axis) => output.includes(axis))
  const isComplete = batch.length + rows.length + columns.length === output.length
  return isKept && isComplete ? { batch, rows, columns, depth } : undefined
}

/** Brings the operands into the order of matrices, multiplies, and brings the result into its own. */
function multiplyMatrices(
  { inputs, output }: Equation,
  { batch, rows, columns, depth }: MatrixProduct,
  blobs: readonly Blob[],
  lengthOf: (axis: string) => number,
  y: Blob,
  workspace: Workspace,
): void {
  const { kernels, scratch } = workspace
  const sizeAlong = (axes: readonly string[]): number => sizeOf(axes.map(lengthOf))
  const arranged = (blob: Blob, own: string, axes: readonly string[]): Blob => {
    const lengths = axes.map(lengthOf)
    const dense = scratch(lengths)
    copyStrided(lengths, { ...viewOf(blob), strides: stridesFor(axes, own, blob.shape) }, viewOf(dense), kernels)
    return dense
  }
  const left = arranged(blobs[0], inputs[0], [...batch, ...rows, ...depth])
  const right = arranged(blobs[1], inputs[1], [...batch, ...depth, ...columns])
  const product = scratch([...batch, ...rows, ...columns].map(lengthOf))
  const sizes = { rows: sizeAlong(rows), columns: sizeAlong(columns), depth: sizeAlong(depth) }
  for (let i = 0; i < sizeAlong(batch); i++) {
    multiply(
      operand(left, sizes.rows, sizes.depth, false, i * sizes.rows * sizes.depth),
      operand(right, sizes.columns, sizes.depth, true, i * sizes.columns * sizes.depth),
      product,
      sizes,
      workspace,
      { offset: i * sizes.rows * sizes.columns },
    )
  }
  const axes = [...batch, ...rows, ...columns]
  const target = { ...viewOf(y), strides: stridesFor(axes, output, y.shape) }
  copyStrided(axes.map(lengthOf), viewOf(product), target, kernels)
}

/** Any equation, by its definition. */
function sumProducts(
  { inputs, output }: Equation,
  blobs: readonly Blob[],
  lengths: ReadonlyMap<string, number>,
  y: Blob,
): void {
  const summed = [...lengths.keys()].filter((axis) => !output.includes(axis))
  const axes = [...output, ...summed]
  const lengthsOfAxes = axes.map((axis) => lengths.get(axis) ?? 1)
  const sums = sizeOf(lengthsOfAxes.slice(output.length))
  const strides = blobs.map((x, index) => stridesFor(axes, inputs[index], x.shape))
  const data = blobs.map((x) => x.data)
  const target = y.data

  const counter = axes.map(() => 0)
  const offsets = blobs.map(() => 0)
  for (let i = 0; i < target.length; i++) {
    let sum = 0
    for (let s = 0; s < sums; s++) {
      let product = 1
      for (let n = 0; n < data.length; n++) product *= data[n][offsets[n]]
      sum += product
      advance(counter, lengthsOfAxes, strides, offsets)
    }
    target[i] = sum
  }
}

function parseEquation(text: string): Equation {
  if (text === 'ii') return { inputs: ['ii'], output: '' }
  const match = /^([i-x]+(?:,[i-x]+)*)->([i-l]{1,4})$/.exec(text)
  if (match === null)
    throw new NcnnError(`the equation "${text}" is not of ncnn's form, such as "ijk,ikl->ijl" with result axes i to l`)
  return { inputs: match[1].split(','), output: 'ijkl'.slice(0, match[2].length) }
}

function axisLengths({ inputs }: Equation, blobs: readonly Pick<Blob, 'shape'>[]): Map<string, number> {
  if (inputs.length !== blobs.length)
    throw new NcnnError(`the equation has ${inputs.length} operands, the layer ${blobs.length} inputs`)
  const lengths = new Map<string, number>()
  for (const [index, axes] of inputs.entries()) {
    const { shape } = blobs[index]
    if (axes.length !== shape.length) {
      const advice = axes.length === shape.length + 1 ? keptBatch : ''
      throw new NcnnError(`operand "${axes}" does not fit an input with shape ${formatShape(shape)}${advice}`)
    }
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
function stridesFor(axes: readonly string[], own: string, shape: readonly number[]): number[] {
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
