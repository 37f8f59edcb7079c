// The layers of an ONNX graph.
import { describe, expect, test } from 'vitest'
import { readOnnxGraph } from '../../../src/runners/onnx/graph.ts'
import { OnnxError } from '../../../src/runners/onnx/index.ts'
import { layersOf } from '../../../src/runners/onnx/layers.ts'
import { chain, graph, graphAttribute, type ModelSpec, onnxModel, value } from './onnx-model.ts'

const layers = (spec: ModelSpec) =>
  layersOf(readOnnxGraph(onnxModel(spec), 'model.onnx')).map(({ name, type, inputs, outputs }) => ({
    name,
    type,
    inputs,
    outputs,
  }))

describe('layersOf', () => {
  test('names nodes, or calls them like their first output, and leaves weights out', () => {
    const [relu, add, abs] = chain.nodes
    expect(layers({ ...chain, nodes: [{ ...relu, name: '/act/Relu' }, add, abs] })).toEqual([
      { name: '/act/Relu', type: 'Relu', inputs: ['x'], outputs: ['relu'] },
      { name: 'sum', type: 'Add', inputs: ['relu'], outputs: ['sum'] },
      { name: 'y', type: 'Abs', inputs: ['sum'], outputs: ['y'] },
    ])
  })

  test('has what branches capture among the inputs, and not what is local to them', () => {
    const branch = graph({
      nodes: [
        { op: 'Neg', inputs: ['x'], outputs: ['local'] },
        { op: 'Abs', inputs: ['local'], outputs: ['result'] },
      ],
      outputs: [value('result')],
    })
    const branching: ModelSpec = {
      nodes: [
        { op: 'If', inputs: ['condition'], outputs: ['', 'y'], attributes: [graphAttribute('then_branch', branch)] },
      ],
      inputs: [value('x'), value('condition', 'bool', [])],
      outputs: [value('y')],
    }
    expect(layers(branching)).toEqual([{ name: 'y', type: 'If', inputs: ['condition', 'x'], outputs: ['y'] }])
  })

  test('refuses two nodes that write one name', () => {
    const [relu, add, abs] = chain.nodes
    const twice: ModelSpec = { ...chain, nodes: [relu, add, { ...abs, name: 'second', outputs: ['sum'] }] }
    expect(() => layers(twice)).toThrow(OnnxError)
    expect(() => layers(twice)).toThrow(
      'model.onnx: two nodes write "sum", "sum" (Add) and "second" (Abs): which of them is meant?',
    )
  })
})
