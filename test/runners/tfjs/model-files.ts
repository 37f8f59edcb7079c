// Writes TensorFlow.js models as files.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface WeightFiles {
  readonly specs: readonly { readonly name: string; readonly shape: readonly number[]; readonly dtype: string }[]
  readonly bytes: Uint8Array
}

/** Writes a model.json with its weights in two files, and returns its path. */
export async function writeModel(folder: string, fields: object, { specs, bytes }: WeightFiles): Promise<string> {
  const half = bytes.length >> 1
  const paths = ['weights-1of2.bin', 'weights-2of2.bin']
  await writeFile(join(folder, paths[0]), bytes.subarray(0, half))
  await writeFile(join(folder, paths[1]), bytes.subarray(half))
  const path = join(folder, 'model.json')
  await writeFile(path, JSON.stringify({ ...fields, weightsManifest: [{ paths, weights: specs }] }))
  return path
}

const attr = {
  float: { T: { type: 'DT_FLOAT' } },
  axis: { T: { type: 'DT_FLOAT' }, num_split: { i: '2' } },
} as const

const shape = (...lengths: readonly number[]) => ({ shape: { dim: lengths.map((size) => ({ size: String(size) })) } })

/** y = left(h) * right(h) with h = relu(x w), x of shape [batch, 2] and w = [[1, 2], [-3, 4]]; not in execution order. */
export const graphModel = {
  fields: {
    format: 'graph-model',
    modelTopology: {
      node: [
        { name: 'y', op: 'Mul', input: ['halves', 'halves:1'], attr: attr.float },
        { name: 'x', op: 'Placeholder', attr: { dtype: { type: 'DT_FLOAT' }, ...shapeAttr(-1, 2) } },
        {
          name: 'w',
          op: 'Const',
          attr: {
            dtype: { type: 'DT_FLOAT' },
            value: { tensor: { dtype: 'DT_FLOAT', tensorShape: shape(2, 2).shape } },
          },
        },
        {
          name: 'axis',
          op: 'Const',
          attr: { dtype: { type: 'DT_INT32' }, value: { tensor: { dtype: 'DT_INT32', tensorShape: {} } } },
        },
        {
          name: 'product',
          op: 'MatMul',
          input: ['x', 'w'],
          attr: { ...attr.float, transpose_a: { b: false }, transpose_b: { b: false } },
        },
        { name: 'hidden', op: 'Relu', input: ['product'], attr: attr.float },
        { name: 'halves', op: 'Split', input: ['axis', 'hidden'], attr: attr.axis },
      ],
      versions: { producer: 1 },
    },
  },
  weights: {
    specs: [
      { name: 'w', shape: [2, 2], dtype: 'float32' },
      { name: 'axis', shape: [], dtype: 'int32' },
    ],
    bytes: new Uint8Array([...bytesOf(Float32Array.of(1, 2, -3, 4)), ...bytesOf(Int32Array.of(1))]),
  },
}

/** The positions of the positive elements of x, of shape [n]: as many as there are, which makes it a graph that runs asynchronously. */
export const positions = {
  fields: {
    format: 'graph-model',
    modelTopology: {
      node: [
        { name: 'x', op: 'Placeholder', attr: { dtype: { type: 'DT_FLOAT' }, ...shapeAttr(-1) } },
        { name: 'zero', op: 'Const', attr: { dtype: { type: 'DT_FLOAT' }, value: { tensor: { dtype: 'DT_FLOAT' } } } },
        { name: 'positive', op: 'Greater', input: ['x', 'zero'], attr: attr.float },
        { name: 'where', op: 'Where', input: ['positive'] },
      ],
      versions: { producer: 1 },
    },
  },
  weights: { specs: [{ name: 'zero', shape: [], dtype: 'float32' }], bytes: new Uint8Array(4) },
}

function shapeAttr(...lengths: readonly number[]) {
  return { shape: shape(...lengths) }
}

function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}
