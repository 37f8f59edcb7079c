// What is read of a .tflite: names, shapes, types, weights, and what is refused.
import { describe, expect, test } from 'vitest'
import { readLitertGraph, readWeight } from '../../../src/runners/litert/graph.ts'
import { chain, type LitertSpec, litertModel } from './litert-model.ts'

const read = (spec: LitertSpec) => readLitertGraph(litertModel(spec), 'model.tflite')

test('operators, tensors, inputs and outputs', () => {
  const graph = read(chain)
  expect(graph.tensors).toMatchObject([
    { name: 'x', shape: [-1, 3], storedShape: [1, 3], dtype: 'float32', content: undefined },
    { name: 'relu' },
    { name: 'bias', shape: [3], storedShape: [3] },
    { name: 'sum' },
    { name: 'y' },
  ])
  expect(graph.operators).toMatchObject([
    { type: 'RELU', inputs: [0], outputs: [1] },
    { type: 'ADD', inputs: [1, 2], outputs: [3] },
    { type: 'ABS', inputs: [3], outputs: [4] },
  ])
  expect([graph.inputs, graph.outputs]).toEqual([[0], [4]])
  expect(readWeight(graph, graph.tensors[2])).toEqual({
    data: Float32Array.of(1, -2, 3),
    shape: [3],
    dtype: 'float32',
  })
})

test('tensors go by the names of the signature, or else by those of the file, made unique', () => {
  const tensors = [
    { name: 'serving_default_x:0', shape: [1] },
    ...['a', 'a', '', 'image'].map((name) => ({ name, shape: [1] })),
  ]
  const operators = [1, 2, 3, 4].map((index) => ({ type: 'ABS', inputs: [index - 1], outputs: [index] }))
  const signature = { inputs: { image: 0 }, outputs: { output_0: 2 } }
  const { tensors: found } = read({ tensors, operators, inputs: [0], outputs: [2], signature })
  expect(found.map(({ name }) => name)).toEqual(['image', 'a', 'output_0', 'tensor 3', 'image:4'])
})

test('element types, custom operators and variables', () => {
  const { tensors, operators } = read({
    tensors: [
      { name: 'q', shape: [2], type: 'int8' },
      { name: 's', shape: [2], type: 'string' },
      { name: 'state', shape: [2], isVariable: true },
    ],
    operators: [{ type: 'TFLite_Detection_PostProcess', inputs: [0, -1], outputs: [1] }],
    inputs: [0],
    outputs: [1],
  })
  expect(tensors).toMatchObject([{ dtype: 'int8' }, { dtype: undefined }, { isVariable: true }])
  expect(operators).toMatchObject([{ type: 'TFLite_Detection_PostProcess', inputs: [0, -1] }])
})

describe('refuses', () => {
  test('what is no .tflite', () => {
    const bytes = new TextEncoder().encode('PK..something else')
    expect(() => readLitertGraph(bytes, 'a.zip')).toThrow('a.zip is not a .tflite model: bytes 4 to 7 must be "TFL3"')
  })

  test('a file that ends early, wherever it ends', () => {
    const whole = litertModel(chain)
    for (let length = 8; length < whole.length; length += 4) {
      expect(() => readLitertGraph(whole.subarray(0, length), 'short.tflite')).toThrow(
        /short\.tflite (is damaged|has no graph)/,
      )
    }
  })

  test('tensors that are not there', () => {
    expect(() => read({ ...chain, outputs: [9] })).toThrow('it refers to tensor 9, but has 5')
  })

  test('a weight that no tensor here can hold', () => {
    const graph = read({
      ...chain,
      tensors: chain.tensors.map((tensor, i) => (i === 2 ? { ...tensor, type: 'string' } : tensor)),
    })
    expect(() => readWeight(graph, graph.tensors[2])).toThrow('no tensor here can hold the elements of "bias"')
  })
})
