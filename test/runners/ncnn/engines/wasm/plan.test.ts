// What one run works out and the next one takes over: it must be right for other shapes, other outputs and other inputs, too.
import { describe, expect, test } from 'vitest'
import { planRun } from '../../../../../src/runners/ncnn/engines/wasm/plan.ts'
import type { GraphLayer } from '../../../../../src/runners/ncnn/graph.ts'
import { loadNcnn } from '../../../../../src/runners/ncnn/index.ts'
import type { Tensor } from '../../../../../src/tensor/tensor.ts'

const param = `7767517
8 11
Input in 0 1 in
Split split 1 2 in a b
Padding repeat 1 1 a repeated 2=1 3=2 4=1
Padding mirror 1 1 b mirrored 2=1 3=2 4=2
BinaryOp add 2 1 repeated mirrored sum 0=0
Split again 1 2 sum sum0 sum1
Reduction mean 1 1 sum0 mean 0=3 1=0 -23303=1,-1 4=1 5=1
BinaryOp subtract 2 1 sum1 mean out 0=1
`

function counting(shape: readonly number[]): Tensor {
  const length = shape.reduce((product, size) => product * size, 1)
  return { data: Float32Array.from({ length }, (_, i) => (i * i) % 17), shape: [...shape], dtype: 'float32' }
}

type Run = readonly [fed: Readonly<Record<string, Tensor>>, outputs: readonly string[]]

test('a model that has run gives what a new one gives', async () => {
  const bin = new Uint8Array(0)
  const runs: readonly Run[] = [
    [{ in: counting([2, 3, 4]) }, ['out']],
    [{ in: counting([2, 3, 5]) }, ['out']],
    [{ in: counting([4]) }, ['sum', 'repeated']],
    [{ in: counting([3, 4]) }, ['mirrored']],
    [{ in: counting([2, 3, 4]), repeated: counting([2, 3, 7]) }, ['out']],
    [{ in: counting([2, 3, 4]), repeated: counting([2, 1, 7]) }, ['out']],
    [{ in: counting([2, 3, 4]), repeated: counting([2, 1, 1]) }, ['sum']],
    [{ sum: counting([2, 3, 7]) }, ['out']],
    [{ in: counting([2, 3, 4]) }, ['out']],
  ]
  const model = await loadNcnn({ param, bin })
  for (const [fed, outputs] of runs) {
    const fresh = await loadNcnn({ param, bin })
    expect(await model.run(fed, { outputs: [...outputs] })).toEqual(await fresh.run(fed, { outputs: [...outputs] }))
    fresh.close()
  }
  model.close()
})

describe('planRun', () => {
  const layer = (name: string, inputs: string[], outputs: string[]): GraphLayer =>
    ({ name, type: 'Noop', inputs, outputs }) as unknown as GraphLayer
  const layers = [
    layer('first', ['in'], ['a', 'b']),
    layer('second', ['a', 'a', 'in'], ['c']),
    layer('third', ['c', 'state'], ['out']),
  ]

  test('a blob is freed after its last reader, and what nobody reads has no place', () => {
    const { fed, absent, steps } = planRun({ layers, missing: [], absent: ['state'] }, ['in', 'other'], ['out'])
    const [[name, input]] = fed
    expect([fed.length, name]).toEqual([1, 'in'])
    const [first, second, third] = steps
    const a = first.outputs[0].place
    expect(first.last).toEqual([])
    expect(first.outputs[1].place).toBeUndefined()
    expect(second.inputs).toEqual([a, a, input])
    expect(second.last).toEqual([a, input])
    expect(third.last).toEqual([second.outputs[0].place, absent[0]])
    expect(third.outputs).toEqual([{ name: 'out', place: undefined, isRequested: true }])
  })

  test('what is fed is neither replaced nor handed out', () => {
    const { steps } = planRun({ layers, missing: [], absent: ['state'] }, ['in', 'a'], ['a', 'out'])
    expect(steps[0].outputs[0]).toEqual({ name: 'a', place: undefined, isRequested: false })
  })
})
