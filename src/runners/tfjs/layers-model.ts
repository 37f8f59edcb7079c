// A layers model of TensorFlow.js as a Runner: blobs are the outputs of its layers, by the layer's name.
import { parseDType } from '../../tensor/dtype.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { Emit, Runner } from '../create-model.ts'
import type { LayerInfo, TensorInfo } from '../model.ts'
import { TfjsError } from './error.ts'
import {
  explainTf,
  fromTf,
  runtimeOf,
  type Tf,
  type TfLayer,
  type TfLayerCall,
  type TfLayersModel,
  type TfSymbolicTensor,
  type TfTensor,
  tidied,
  toTf,
} from './namespace.ts'

const callOf = ({ sourceLayer, nodeIndex }: TfSymbolicTensor): TfLayerCall => sourceLayer.inboundNodes[nodeIndex]

/** A layer as it is called; one that is called twice is two. */
interface CalledLayer extends LayerInfo {
  readonly layer: TfLayer
}

export function layersRunner(source: string, tf: Tf, model: TfLayersModel): Runner<CalledLayer> {
  const symbols = nameSymbols(model)
  const names = new Map([...symbols].map(([name, symbol]) => [symbol, name]))
  const nameOf = (symbol: TfSymbolicTensor): string => names.get(symbol) ?? symbol.name
  const inputs = model.inputs.map((symbol) => describe(nameOf(symbol), symbol))
  const outputs = model.outputs.map((symbol) => describe(nameOf(symbol), symbol))
  const layers = callsFor(model.outputs)
    .filter((call) => !call.outputTensors.some((symbol) => model.inputs.includes(symbol)))
    .map(({ inputTensors, outputTensors }): CalledLayer => {
      const [name, ...others] = outputTensors.map(nameOf)
      const layer = outputTensors[0].sourceLayer
      return { name, type: layer.getClassName(), inputs: inputTensors.map(nameOf), outputs: [name, ...others], layer }
    })

  /** Runs inside `tidy`, which frees all that is computed. */
  const evaluate = (
    fed: ReadonlyMap<string, Tensor>,
    requested: ReadonlySet<string>,
    needed: readonly CalledLayer[],
    emit: Emit,
  ): void => {
    const values = new Map([...fed].map(([name, tensor]) => [name, toTf(tf, tensor, name)]))
    const masks = new Map<string, TfTensor | null>()
    for (const layer of needed) {
      applyLayer(layer, values, masks, fed)
      for (const name of layer.outputs) {
        if (requested.has(name) && !fed.has(name)) emit(name, fromTf(values.get(name) as TfTensor, name))
      }
    }
  }
  return {
    source,
    runtime: runtimeOf(tf),
    inputs,
    outputs,
    blobs: [...symbols.keys()],
    layers,
    has: (name) => symbols.has(name),
    dtypeOf: (name) => parseDType(symbols.get(name)?.dtype ?? ''),
    async compute(fed, requested, part, emit) {
      try {
        tidied(tf, () => evaluate(fed, new Set(requested), part.layers, emit))
      } catch (error) {
        throw new TfjsError(`${source}: TensorFlow.js cannot run it: ${explainTf(error)}`, {
          code: 'runtime-failed',
          cause: error,
        })
      }
    },
    close: () => disposeOf(model),
  }
}

/** TensorFlow.js forgets the weights of layers that are called more than once. */
function disposeOf(model: TfLayersModel): void {
  const weights = model.weights.map(({ val }) => val)
  model.dispose()
  for (const weight of weights) if (!weight.isDisposed) weight.dispose()
}

/** The calls of layers that lead to `wanted`, in execution order. */
function callsFor(wanted: readonly TfSymbolicTensor[]): TfLayerCall[] {
  const calls = new Set<TfLayerCall>()
  const visit = (symbol: TfSymbolicTensor): void => {
    const call = callOf(symbol)
    if (calls.has(call)) return
    for (const input of inputsOf(call)) visit(input)
    calls.add(call)
  }
  for (const symbol of wanted) visit(symbol)
  return [...calls]
}

/** An input layer's call names its own output as input. */
const inputsOf = (call: TfLayerCall): readonly TfSymbolicTensor[] =>
  call.inputTensors.filter((symbol) => !call.outputTensors.includes(symbol))

/** All tensors of the network in execution order; further outputs and further calls of a layer are numbered: `split:1`. */
function nameSymbols({ outputs }: TfLayersModel): Map<string, TfSymbolicTensor> {
  const symbols = new Map<string, TfSymbolicTensor>()
  const counts = new Map<string, number>()
  for (const symbol of callsFor(outputs).flatMap((call) => call.outputTensors)) {
    const { name } = symbol.sourceLayer
    const count = counts.get(name) ?? 0
    counts.set(name, count + 1)
    symbols.set(count === 0 ? name : `${name}:${count}`, symbol)
  }
  return symbols
}

/** Calls a layer as TensorFlow.js does when it predicts, with the mask of its first input. */
function applyLayer(
  { layer, inputs: read, outputs }: CalledLayer,
  values: Map<string, TfTensor>,
  masks: Map<string, TfTensor | null>,
  fed: ReadonlyMap<string, Tensor>,
): void {
  const inputs = read.map((name) => values.get(name) as TfTensor)
  const inputMasks = read.map((name) => masks.get(name) ?? null)
  const [mask] = inputMasks
  const results = [layer.apply(inputs, mask ? { mask } : undefined)].flat()
  const resultMasks = layer.supportsMasking ? [layer.computeMask(inputs, inputMasks)].flat() : []
  for (const [i, name] of outputs.entries()) {
    if (fed.has(name)) continue
    values.set(name, results[i])
    masks.set(name, resultMasks[i] ?? null)
  }
}

const describe = (name: string, { shape, dtype }: TfSymbolicTensor): TensorInfo => ({
  name,
  shape: shape.map((length) => length ?? -1),
  dtype: parseDType(dtype),
})
