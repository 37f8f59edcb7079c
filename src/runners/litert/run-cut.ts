// Runs cuts of a graph in sessions of a runtime, and finds out the shapes of outputs for one that needs to know them.
import { reasonOf } from '../../host/reason.ts'
import { formatShape } from '../../tensor/shape.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { sessionCache } from '../sessions.ts'
import { cutModel, type LitertCut } from './cut.ts'
import type { LitertRuntime, LitertSession, RawTensor } from './engine.ts'
import { LitertError } from './error.ts'
import type { LitertGraph, LitertOperator } from './graph.ts'

type Shape = readonly number[]

export interface CutRunner {
  /**
   * @param layers the operators that compute what is wanted
   * @param given by indices
   * @param wanted indices of tensors that the operators compute
   */
  run(
    layers: readonly LitertOperator[],
    given: ReadonlyMap<number, Tensor>,
    wanted: readonly number[],
  ): Promise<readonly RawTensor[]>
  close(): void
}

export function cutRunner(graph: LitertGraph, { open, believesShapes }: LitertRuntime): CutRunner {
  const { source, tensors, operators } = graph
  const openModel = async (model: Uint8Array): Promise<LitertSession> => {
    try {
      return await open(model, source)
    } catch (error) {
      throw about(source, error)
    }
  }
  const sessions = sessionCache(openModel, 4 * graph.file.length)
  // What is kept from one run to the next would make the second run another.
  const isStateful =
    tensors.some(({ isVariable }) => isVariable) || operators.some(({ outputs }) => outputs.length === 0)
  const runOnce = async (cut: LitertCut, inputs: readonly Tensor[]): Promise<readonly RawTensor[]> => {
    const encode = (): Uint8Array => cutModel(graph, cut)
    const { fed, requested, shapes, shapesOf } = cut
    const key = JSON.stringify([[...fed], requested, shapes, shapesOf])
    const session = isStateful ? await openModel(encode()) : await sessions.get(key, encode)
    try {
      return await session.run(inputs)
    } catch (error) {
      throw about(source, error)
    } finally {
      if (isStateful) await session.release()
    }
  }

  /** For a runtime that must know the shapes of outputs: others than it knows would make them garbage. */
  const runKnowing = async (cut: LitertCut, inputs: readonly Tensor[]): Promise<readonly RawTensor[]> => {
    const { fed, requested } = cut
    const isAsStored = [...fed].every(([index, shape]) => String(shape) === String(tensors[index].storedShape))
    if (isAsStored && !requested.some((index) => tensors[index].shape.includes(-1))) return runOnce(cut, inputs)
    const found = await runOnce({ ...cut, requested: [], shapesOf: requested }, inputs)
    const shapes = found.map(({ bytes }) => [...new Int32Array(bytes.buffer)])
    // It cannot hand over nothing.
    const filled = requested.map((index, i) => ({ index, shape: shapes[i] })).filter(({ shape }) => !shape.includes(0))
    const wanted = { requested: filled.map(({ index }) => index), shapes: filled.map(({ shape }) => shape) }
    const results = filled.length === 0 ? [] : await runOnce({ ...cut, ...wanted }, inputs)
    const byIndex = new Map(filled.map(({ index }, i) => [index, results[i]]))
    return requested.map((index, i) => byIndex.get(index) ?? { shape: shapes[i], bytes: new Uint8Array(0) })
  }
  return {
    async run(layers, given, wanted) {
      const needed = withEffects(graph, layers, given)
      const read = new Set(needed.flatMap((operator) => operator.inputs))
      const fed = [...given].filter(([index]) => read.has(index))
      const inputs = fed.map(([, tensor]) => tensor)
      const shapes = new Map(fed.map(([index, { shape }]) => [index, shape]))
      const cut: LitertCut = { operators: needed, fed: shapes, requested: wanted }
      if (!believesShapes) return runOnce(cut, inputs)
      refuseOtherRanks(graph, shapes)
      return runKnowing(cut, inputs)
    },
    close: () => sessions.close(),
  }
}

/** The operators of a run, and those that write no tensor but set variables, as far as what they read is there. */
function withEffects(
  { tensors, operators }: LitertGraph,
  layers: readonly LitertOperator[],
  given: ReadonlyMap<number, Tensor>,
): LitertOperator[] {
  const wanted = new Set(layers)
  const there = new Set(given.keys())
  const isThere = (index: number): boolean => index === -1 || there.has(index) || tensors[index].content !== undefined
  return operators.filter((operator) => {
    const isEffect = operator.outputs.length === 0 && operator.inputs.every(isThere)
    if (!wanted.has(operator) && !isEffect) return false
    for (const index of operator.outputs) there.add(index)
    return true
  })
}

/** Of another rank, a tensor's shape would be of another length than the output for it. */
function refuseOtherRanks({ source, tensors }: LitertGraph, fed: ReadonlyMap<number, Shape>): void {
  for (const [index, shape] of fed) {
    const { name, storedShape } = tensors[index]
    if (shape.length === storedShape.length) continue
    throw new LitertError(
      `${source}: "${name}" has ${storedShape.length} axes, as in ${formatShape(storedShape)}; got ${formatShape(shape)}`,
      { code: 'wrong-input' },
    )
  }
}

/** An engine's error, with the name of the model. */
function about(source: string, error: unknown): LitertError {
  const code = error instanceof LitertError ? error.code : 'runtime-failed'
  return new LitertError(`${source}: ${reasonOf(error)}`, { code, cause: error })
}
