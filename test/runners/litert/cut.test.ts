// Cutting a .tflite: the new head says what was asked for, and refers to the old tables.
import { expect, test } from 'vitest'
import { cutModel } from '../../../src/runners/litert/cut.ts'
import { readLitertGraph, readWeight } from '../../../src/runners/litert/graph.ts'
import { chain, type LitertSpec, litertModel } from './litert-model.ts'

const read = (spec: LitertSpec) => readLitertGraph(litertModel(spec), 'model.tflite')

const split: LitertSpec = {
  tensors: [
    { name: 'axis', shape: [], type: 'int32', data: Int32Array.of(0) },
    { name: 'x', shape: [4] },
    { name: 'left', shape: [2] },
    { name: 'right', shape: [2] },
    { name: 'y', shape: [2] },
  ],
  operators: [
    {
      type: 'SPLIT',
      inputs: [0, 1],
      outputs: [2, 3],
      options: { type: 35, fields: [{ id: 0, scalar: Uint8Array.of(2) }] },
    },
    { type: 'SUB', inputs: [2, 3], outputs: [4] },
  ],
  inputs: [1],
  outputs: [4],
}

test('intermediates become outputs, and inputs of the shape that they are fed with', () => {
  const graph = read(chain)
  const cut = readLitertGraph(
    cutModel(graph, { operators: graph.operators.slice(1), fed: new Map([[1, [5, 3]]]), requested: [3, 4] }),
    'cut',
  )
  expect([cut.inputs, cut.outputs]).toEqual([[1], [3, 4]])
  expect(cut.operators.map(({ type }) => type)).toEqual(['ADD', 'ABS'])
  expect(cut.tensors[1]).toMatchObject({ shape: [5, 3], storedShape: [5, 3], dtype: 'float32' })
  expect(cut.tensors[3]).toMatchObject({ shape: [-1, 3], storedShape: [1, 3] })
  expect(readWeight(cut, cut.tensors[2]).data).toEqual(Float32Array.of(1, -2, 3))
})

test('a weight that is fed is none any more', () => {
  const graph = read(chain)
  const { operators } = graph
  const fed = new Map([0, 2].map((index) => [index, graph.tensors[index].storedShape]))
  const cut = readLitertGraph(cutModel(graph, { operators, fed, requested: [4] }), 'cut')
  expect(cut.inputs).toEqual([0, 2])
  expect(cut.tensors[2].content).toBeUndefined()
})

test('an operator of which one output is fed writes it elsewhere', () => {
  const graph = read(split)
  const fed = new Map([1, 2].map((index) => [index, graph.tensors[index].storedShape]))
  const cut = readLitertGraph(cutModel(graph, { operators: graph.operators, fed, requested: [4] }), 'cut')
  expect(cut.operators).toMatchObject([
    { type: 'SPLIT', inputs: [0, 1], outputs: [5, 3] },
    { type: 'SUB', inputs: [2, 3], outputs: [4] },
  ])
  expect(cut.tensors).toHaveLength(6)
})

test('shapes become outputs behind the others', () => {
  const graph = read(chain)
  const { operators } = graph
  const fed = new Map([[0, [2, 3]]])
  const cut = readLitertGraph(cutModel(graph, { operators, fed, requested: [], shapesOf: [4] }), 'cut')
  expect(cut.operators.slice(3)).toMatchObject([
    { type: 'SHAPE', inputs: [4], outputs: [5] },
    { type: 'MAXIMUM', inputs: [5, 5], outputs: [6] },
  ])
  expect(cut.outputs).toEqual([6])
  expect(cut.tensors[6]).toMatchObject({ shape: [2], dtype: 'int32' })
})

test('outputs of other shapes than the file says are copies', () => {
  const graph = read(chain)
  const { operators } = graph
  const cut = readLitertGraph(
    cutModel(graph, { operators, fed: new Map([[0, [2, 3]]]), requested: [4], shapes: [[2, 3]] }),
    'cut',
  )
  expect(cut.operators.slice(3)).toMatchObject([{ type: 'RESHAPE', inputs: [4], outputs: [5] }])
  expect(cut.outputs).toEqual([5])
  expect(cut.tensors[5]).toMatchObject({ shape: [2, 3], dtype: 'float32' })
})
