// A layers model of TensorFlow.js as a Runner: blobs are the outputs of its layers, by the layer's name.
import { parseDType } from '../../tensor/dtype.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { firstLine, quoteNames, type Runner } from '../create-model.ts'
import type { TensorInfo } from '../model.ts'
import { TfjsError } from './error.ts'
import {
  fromTf,
  runtimeOf,
  type Tf,
  type TfLayerCall,
  type TfLayersModel,
  type TfSymbolicTensor,
  type TfTensor,
  tidied,
  toTf,
} from './namespace.ts'

const callOf = ({ sourceLayer, nodeIndex }: TfSymbolicTensor): TfLayerCall => sourceLayer.inboundNodes[nodeIndex]

export function layersRunner(source: string, tf: Tf, model: TfLayersModel): Runner {
  const symbols = nameSymbols(model)
  const names = new Map([...symbols].map(([name, symbol]) => [symbol, name]))
  const nameOf = (symbol: TfSymbolicTensor): string => names.get(symbol) ?? symbol.name
  const inputs = model.inputs.map((symbol) => describe(nameOf(symbol), symbol))
  const outputs = model.outputs.map((symbol) => describe(nameOf(symbol), symbol))
  const blobs = [...symbols.keys()]

  const symbolOf = (name: string): TfSymbolicTensor => {
    const symbol = symbols.get(name)
    if (symbol === undefined) throw new TfjsError(`${source} has no layer "${name}"`)
    return symbol
  }
  /** Runs inside `tidy`, so that all that is computed is freed. */
  const evaluate = (fed: ReadonlyMap<string, Tensor>, requested: readonly string[]): Record<string, Tensor> => {
    const values = new Map([...fed].map(([name, tensor]) => [symbolOf(name), toTf(tf, tensor, name)]))
    const given = new Set(values.keys())
    const masks = new Map<TfSymbolicTensor, TfTensor | null>()
    for (const call of callsFor(requested.map(symbolOf), given)) {
      const missing = call.outputTensors.filter((symbol) => model.inputs.includes(symbol))
      if (missing.length > 0) {
        throw new TfjsError(
          `${source}: input ${quoteNames(missing.map(nameOf))} is needed but missing; the model's inputs are ${quoteNames(inputs.map(({ name }) => name))}, given: ${quoteNames([...fed.keys()])}`,
        )
      }
      applyLayer(call, values, masks, given)
    }
    return Object.fromEntries(requested.map((name) => [name, fromTf(values.get(symbolOf(name)) as TfTensor, name)]))
  }
  return {
    source,
    runtime: runtimeOf(tf),
    inputs,
    outputs,
    blobs,
    has: (name) => symbols.has(name),
    dtypeOf: (name) => parseDType(symbols.get(name)?.dtype ?? ''),
    computed(fed) {
      const given = new Set([...fed].map(symbolOf))
      const computed = callsFor(model.outputs, given).flatMap((call) => call.outputTensors)
      const run = new Set([...fed, ...computed.map(nameOf)])
      return blobs.filter((name) => run.has(name))
    },
    async compute(fed, requested) {
      try {
        return tidied(tf, () => evaluate(fed, requested))
      } catch (error) {
        if (error instanceof TfjsError) throw error
        throw new TfjsError(`${source}: TensorFlow.js cannot run it: ${firstLine(error)}`, { cause: error })
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

/** The calls of layers that lead from `given` to `wanted`, in execution order. */
function callsFor(wanted: readonly TfSymbolicTensor[], given: ReadonlySet<TfSymbolicTensor>): TfLayerCall[] {
  const calls = new Set<TfLayerCall>()
  const visit = (symbol: TfSymbolicTensor): void => {
    const call = callOf(symbol)
    if (given.has(symbol) || calls.has(call)) return
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
  for (const symbol of callsFor(outputs, new Set()).flatMap((call) => call.outputTensors)) {
    const { name } = symbol.sourceLayer
    const count = counts.get(name) ?? 0
    counts.set(name, count + 1)
    symbols.set(count === 0 ? name : `${name}:${count}`, symbol)
  }
  return symbols
}

/** Calls a layer as TensorFlow.js does when it predicts, with the mask of its first input. */
function applyLayer(
  call: TfLayerCall,
  values: Map<TfSymbolicTensor, TfTensor>,
  masks: Map<TfSymbolicTensor, TfTensor | null>,
  given: ReadonlySet<TfSymbolicTensor>,
): void {
  const layer = call.outputTensors[0].sourceLayer
  const inputs = call.inputTensors.map((symbol) => values.get(symbol) as TfTensor)
  const inputMasks = call.inputTensors.map((symbol) => masks.get(symbol) ?? null)
  const [mask] = inputMasks
  const results = [layer.apply(inputs, mask ? { mask } : undefined)].flat()
  const resultMasks = layer.supportsMasking ? [layer.computeMask(inputs, inputMasks)].flat() : []
  for (const [i, symbol] of call.outputTensors.entries()) {
    if (given.has(symbol)) continue
    values.set(symbol, results[i])
    masks.set(symbol, resultMasks[i] ?? null)
  }
}

const describe = (name: string, { shape, dtype }: TfSymbolicTensor): TensorInfo => ({
  name,
  shape: shape.map((length) => length ?? -1),
  dtype: parseDType(dtype),
})
