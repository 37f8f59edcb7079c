// The tensors of the reference, found by name and by number of elements.
import type { Tensor } from '../tensor/tensor.ts'
import { type Elements, type OrderFreeSummary, summarizeElements } from './distance.ts'
import { floatsOf } from './elements.ts'

export interface ReferenceTensor {
  readonly name: string
  /** Its place in the reference's execution order, inputs first. */
  readonly place: number
  readonly tensor: Tensor
  readonly elements: Elements
  readonly summary: OrderFreeSummary
}

export interface ReferenceTensors {
  /** In execution order. Tensors of integers are left out: they are positions and shapes, not results. */
  readonly all: readonly ReferenceTensor[]
  readonly byName: ReadonlyMap<string, ReferenceTensor>
  ofLength(length: number): readonly ReferenceTensor[]
}

/** @param order names of the tensors that the reference computes, in execution order */
export function referenceTensors(
  order: readonly string[],
  values: Readonly<Record<string, Tensor>>,
  inputs: Readonly<Record<string, Tensor>>,
): ReferenceTensors {
  const byName = new Map<string, ReferenceTensor>()
  const byLength = new Map<number, ReferenceTensor[]>()
  const all: ReferenceTensor[] = []
  const add = (name: string, tensor: Tensor): void => {
    const elements = floatsOf(tensor)
    if (elements === undefined || byName.has(name)) return
    const entry = { name, place: all.length, tensor, elements, summary: summarizeElements(elements) }
    all.push(entry)
    byName.set(name, entry)
    const alike = byLength.get(elements.length)
    if (alike === undefined) byLength.set(elements.length, [entry])
    else alike.push(entry)
  }
  for (const [name, tensor] of Object.entries(inputs)) add(name, tensor)
  for (const name of order) {
    add(name, values[name])
  }
  return { all, byName, ofLength: (length) => byLength.get(length) ?? [] }
}
