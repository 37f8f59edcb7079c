// A .tflite as a Runner: its main graph's operators are the layers, their outputs the blobs.
import { decodeElements } from '../../files/elements.ts'
import type { DType } from '../../tensor/dtype.ts'
import type { Runner } from '../create-model.ts'
import type { LayerInfo, TensorInfo } from '../model.ts'
import type { LitertRuntime } from './engine.ts'
import { type LitertGraph, type LitertOperator, type LitertTensor, readWeight } from './graph.ts'
import { cutRunner } from './run-cut.ts'

interface LitertLayer extends LayerInfo {
  readonly operator: LitertOperator
}

export function litertRunner(graph: LitertGraph, runtime: LitertRuntime): Runner<LitertLayer> {
  const { source, tensors } = graph
  const indices = new Map(tensors.map(({ name }, index) => [name, index]))
  const tensorOf = (name: string): LitertTensor => tensors[indexOf(name)]
  const indexOf = (name: string): number => indices.get(name) as number
  const layers = layersOf(graph)
  const inputs = graph.inputs.map((index) => infoOf(tensors[index]))
  const computed = layers.flatMap((layer) => layer.outputs).filter((name) => tensorOf(name).dtype !== undefined)
  const blobs = [...new Set([...inputs.map(({ name }) => name), ...computed])]
  const isWeight = (name: string): boolean => tensorOf(name).content !== undefined
  const known = new Set([...blobs, ...tensors.filter(isReadableWeight).map(({ name }) => name)])
  const cuts = cutRunner(graph, runtime)
  return {
    source,
    runtime: runtime.runtime,
    inputs,
    outputs: graph.outputs.map((index) => infoOf(tensors[index])),
    blobs,
    layers,
    has: (name) => known.has(name),
    dtypeOf: (name) => tensorOf(name).dtype,
    async compute(fed, requested, part, emit) {
      for (const name of requested.filter(isWeight)) emit(name, readWeight(graph, tensorOf(name)))
      const wanted = requested.filter((name) => !isWeight(name))
      if (wanted.length === 0) return
      const given = new Map([...fed].map(([name, tensor]) => [indexOf(name), tensor]))
      const operators = part.layers.map(({ operator }) => operator)
      const results = await cuts.run(operators, given, wanted.map(indexOf))
      for (const [i, name] of wanted.entries()) {
        const { shape, bytes } = results[i]
        const dtype = tensorOf(name).dtype as DType
        emit(name, { data: decodeElements(bytes, dtype, true), shape, dtype })
      }
    },
    close: () => cuts.close(),
  }
}

/** What sets variables and writes no tensor is no layer. */
function layersOf({ tensors, operators }: LitertGraph): LitertLayer[] {
  const isActivation = (index: number): boolean =>
    index !== -1 && tensors[index].content === undefined && !tensors[index].isVariable
  return operators
    .filter(({ outputs }) => outputs.length > 0)
    .map((operator) => {
      const outputs = operator.outputs.map((index) => tensors[index].name)
      const inputs = operator.inputs.filter(isActivation).map((index) => tensors[index].name)
      return { name: outputs[0], type: operator.type, inputs: [...new Set(inputs)], outputs, operator }
    })
}

const isReadableWeight = ({ content, dtype }: LitertTensor): boolean => content !== undefined && dtype !== undefined

const infoOf = ({ name, shape, dtype }: LitertTensor): TensorInfo => ({ name, shape, ...(dtype && { dtype }) })
