import { describe, expect, test } from 'vitest'
import { needed } from '../../../src/runners/graph.ts'
import { type OnnxGraph, readOnnxGraph } from '../../../src/runners/onnx/graph.ts'
import { layersOf } from '../../../src/runners/onnx/layers.ts'
import { cutModel } from '../../../src/runners/onnx/subgraph.ts'
import type { DType } from '../../../src/tensor/dtype.ts'
import { chain, graph, graphAttribute, initializer, type ModelSpec, onnxModel, value } from './onnx-model.ts'

const bytesOfCut = (source: OnnxGraph, fed: Readonly<Record<string, DType>>, requested: readonly string[]) => {
  const given = new Map(Object.entries(fed))
  const { layers } = needed(layersOf(source), given, requested)
  return cutModel(source, { nodes: layers.map(({ node }) => node), fed: given, requested })
}

/** What is left of a model that is cut. */
function cut(spec: ModelSpec, fed: Readonly<Record<string, DType>>, requested: readonly string[]) {
  const source = readOnnxGraph(onnxModel(spec), 'model.onnx')
  const rest = readOnnxGraph(bytesOfCut(source, fed, requested), 'cut.onnx')
  return {
    nodes: rest.nodes.map(({ opType, outputs }) => `${opType} -> ${outputs.join(', ')}`),
    inputs: rest.inputs.map(({ info }) => info),
    outputs: rest.outputs.map(({ info }) => info.name),
    initializers: [...rest.initializers.keys()],
  }
}

const float32 = 'float32' as const

describe('cutModel', () => {
  test('an intermediate becomes an output; what comes after it is left out', () => {
    expect(cut(chain, { x: float32 }, ['relu'])).toEqual({
      nodes: ['Relu -> relu'],
      inputs: [{ name: 'x', shape: [-1, 3], dtype: 'float32' }],
      outputs: ['relu'],
      initializers: [],
    })
  })

  test('an intermediate becomes an input without a shape; what comes before it is left out', () => {
    expect(cut(chain, { sum: float32 }, ['y'])).toMatchObject({
      nodes: ['Abs -> y'],
      inputs: [{ name: 'sum', dtype: 'float32' }],
      outputs: ['y'],
    })
  })

  test('keeps the opset and everything else about the model', () => {
    const source = readOnnxGraph(onnxModel(chain), 'model.onnx')
    const bytes = bytesOfCut(source, { x: float32 }, ['relu', 'sum', 'y'])
    expect(readOnnxGraph(bytes, 'cut.onnx').modelFields).toEqual(source.modelFields)
  })

  test('a weight that is fed is an input and no weight', () => {
    const fed = { x: float32, bias: float32 }
    const inputs = [
      { name: 'x', shape: [-1, 3], dtype: 'float32' },
      { name: 'bias', dtype: 'float32' },
    ]
    expect(cut(chain, fed, ['y'])).toMatchObject({ inputs, initializers: [] })
    // Old files declare weights as inputs, too.
    const old: ModelSpec = { ...chain, inputs: [value('x', 'float32', ['batch', 3]), value('bias')] }
    expect(cut(old, fed, ['y'])).toMatchObject({ inputs, initializers: [] })
    expect(cut(old, { x: float32 }, ['y'])).toMatchObject({ inputs: inputs.slice(0, 1), initializers: ['bias'] })
  })

  test('a node with one output fed and another needed runs, and does not overwrite what was fed', () => {
    const split: ModelSpec = {
      nodes: [
        { op: 'Split', inputs: ['x'], outputs: ['left', 'right'] },
        { op: 'Add', inputs: ['left', 'right'], outputs: ['y'] },
      ],
      inputs: [value('x')],
      outputs: [value('y')],
    }
    expect(cut(split, { x: float32, left: float32 }, ['y'])).toMatchObject({
      nodes: ['Split -> left (computed, not fed), right', 'Add -> y'],
      inputs: [{ name: 'x' }, { name: 'left', dtype: 'float32' }],
    })
  })

  test('what a branch captures is computed', () => {
    const branch = graph({ nodes: [{ op: 'Neg', inputs: ['relu'], outputs: ['local'] }], outputs: [value('local')] })
    const branching: ModelSpec = {
      nodes: [
        { op: 'Relu', inputs: ['x'], outputs: ['relu'] },
        { op: 'If', inputs: ['condition'], outputs: ['y'], attributes: [graphAttribute('then_branch', branch)] },
      ],
      inputs: [value('x'), value('condition', 'bool', [])],
      outputs: [value('y')],
    }
    expect(cut(branching, { x: float32, condition: 'bool' }, ['y']).nodes).toEqual(['Relu -> relu', 'If -> y'])
  })

  test('has the weights that its nodes and their branches read, and no others', () => {
    const weight = (name: string, length: number): Uint8Array =>
      initializer(name, 'float32', [length], new Float32Array(length))
    const branch = graph({
      nodes: [{ op: 'Mul', inputs: ['relu', 'captured'], outputs: ['local'] }],
      outputs: [value('local')],
    })
    const branching: ModelSpec = {
      nodes: [
        { op: 'Add', inputs: ['x', 'large'], outputs: ['relu'] },
        { op: 'If', inputs: ['condition'], outputs: ['y'], attributes: [graphAttribute('then_branch', branch)] },
      ],
      inputs: [value('x'), value('condition', 'bool', [])],
      outputs: [value('y')],
      initializers: [weight('large', 1000), weight('captured', 1), weight('unread', 1000)],
    }
    expect(cut(branching, { relu: float32, condition: 'bool' }, ['y']).initializers).toEqual(['captured'])
    expect(cut(branching, { x: float32 }, ['relu']).initializers).toEqual(['large'])
    expect(cut(branching, {}, ['unread']).initializers).toEqual(['unread'])
    const source = readOnnxGraph(onnxModel(branching), 'model.onnx')
    expect(bytesOfCut(source, { relu: float32, condition: 'bool' }, ['y']).length).toBeLessThan(1000)
  })
})
