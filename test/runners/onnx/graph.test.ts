import { describe, expect, test } from 'vitest'
import { concatenate } from '../../../src/files/format.ts'
import { readOnnxGraph } from '../../../src/runners/onnx/graph.ts'
import { bytesField } from '../../../src/runners/onnx/wire.ts'
import { chain, externalInitializer, graph, graphAttribute, initializer, onnxModel, value } from './onnx-model.ts'

const read = (bytes: Uint8Array) => readOnnxGraph(bytes, 'model.onnx')

describe('readOnnxGraph', () => {
  test('reads nodes, inputs, outputs and element types', () => {
    const { nodes, inputs, outputs, initializers, dtypes } = read(onnxModel(chain))
    expect(nodes.map(({ opType, inputs, outputs }) => [opType, inputs, outputs])).toEqual([
      ['Relu', ['x'], ['relu']],
      ['Add', ['relu', 'bias'], ['sum']],
      ['Abs', ['sum'], ['y']],
    ])
    expect(inputs.map(({ info }) => info)).toEqual([{ name: 'x', shape: [-1, 3], dtype: 'float32' }])
    expect(outputs.map(({ info }) => info)).toEqual([{ name: 'y', shape: [-1, 3], dtype: 'float32' }])
    expect([...initializers.keys()]).toEqual(['bias'])
    expect(dtypes.get('bias')).toBe('float32')
  })

  test('an input with an initialiser need not be fed', () => {
    const model = onnxModel({ ...chain, inputs: [value('x'), value('bias')] })
    expect(read(model).inputs.map(({ info }) => info.name)).toEqual(['x'])
  })

  test('an input without a shape has none, a scalar has an empty one', () => {
    const model = onnxModel({ ...chain, inputs: [value('x', 'int64'), value('n', 'bool', [])] })
    expect(read(model).inputs.map(({ info }) => info)).toEqual([
      { name: 'x', dtype: 'int64' },
      { name: 'n', dtype: 'bool', shape: [] },
    ])
  })

  test('a node reads what its branches capture', () => {
    const branch = graph({
      nodes: [{ op: 'Identity', inputs: ['captured'], outputs: ['local'] }],
      outputs: [value('local')],
    })
    const model = onnxModel({
      nodes: [{ op: 'If', inputs: ['condition'], outputs: ['y'], attributes: [graphAttribute('then_branch', branch)] }],
    })
    expect(read(model).nodes[0].inputs).toEqual(['condition', 'captured', 'local'])
  })

  test('lists the files that hold weights', () => {
    const model = onnxModel({ ...chain, initializers: [externalInitializer('bias', [3], 'model.onnx.data')] })
    expect(read(model).externalFiles).toEqual(['model.onnx.data'])
  })

  test('a graph in two parts is one graph', () => {
    const model = onnxModel(chain)
    const tail = bytesField(7, bytesField(12, value('relu')))
    expect(read(concatenate([model, tail])).outputs.map(({ info }) => info.name)).toEqual(['y', 'relu'])
  })
})

describe('readOnnxGraph refuses', () => {
  test('what pnnx writes beside its models, and says what it is', () => {
    expect(() => read(onnxModel({ ...chain, opset: 0 }))).toThrow(
      /model\.onnx declares no operator set.*\*\.pnnx\.onnx/,
    )
  })

  test('every truncation of a model', () => {
    const model = onnxModel(chain)
    for (let length = 0; length < model.length; length++) {
      expect(() => read(model.subarray(0, length)), `${length} bytes`).toThrow(/model\.onnx is not an ONNX model/)
    }
  })

  test.each([
    ['text', new TextEncoder().encode('{"format": "graph-model"}')],
    ['a zip archive', Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0, 0, 0, 8, 0)],
    ['zeros', new Uint8Array(100)],
    ['nothing', new Uint8Array(0)],
  ])('%s', (_, bytes) => {
    expect(() => read(bytes)).toThrow(/model\.onnx is not an ONNX model/)
  })

  test('graphs nested without end', () => {
    let branch = graph({ nodes: [], outputs: [value('y')] })
    for (let depth = 0; depth < 500; depth++) {
      branch = graph({
        nodes: [{ op: 'If', inputs: ['c'], outputs: ['y'], attributes: [graphAttribute('then_branch', branch)] }],
      })
    }
    expect(() => read(concatenate([onnxModel(chain), bytesField(7, branch)]))).toThrow(/nested more than 32 deep/)
  })

  test('no valid model with a byte changed by another kind of error', () => {
    const model = onnxModel({ ...chain, initializers: [initializer('bias', 'float32', [3], new Float32Array(3))] })
    for (let position = 0; position < model.length; position++) {
      for (const byte of [0x00, 0x7f, 0x80, 0xff]) {
        const damaged = Uint8Array.from(model)
        damaged[position] = byte
        try {
          read(damaged)
        } catch (error) {
          expect((error as Error).name, `byte ${position} = ${byte}`).toBe('OnnxError')
        }
      }
    }
  })
})
