// Which layers a run needs, and in which order layers can run.
import { describe, expect, test } from 'vitest'
import { inExecutionOrder, needed } from '../../src/runners/graph.ts'
import type { LayerInfo } from '../../src/runners/model.ts'

/** `b <- a x`: a layer that computes b from a and x, and is called like it. */
const parse = (...lines: readonly string[]): LayerInfo[] =>
  lines.map((line) => {
    const [outputs, inputs] = line.split('<-').map((names) => names.split(' ').filter(Boolean))
    return { name: outputs[0], type: 'Any', inputs, outputs }
  })

const names = (layers: readonly LayerInfo[]): string[] => layers.map(({ name }) => name)
const none = new Set<string>()

describe('needed', () => {
  const diamond = parse('a <- x', 'a0 a1 <- a', 'b <- a0', 'c <- a1 w', 'out <- b c', 'side <- a')

  test('walks back from what is wanted, in execution order', () => {
    expect(names(needed(diamond, none, ['out']).layers)).toEqual(['a', 'a0', 'b', 'c', 'out'])
    expect(names(needed(diamond, none, ['c', 'a']).layers)).toEqual(['a', 'a0', 'c'])
    expect(needed(diamond, none, []).layers).toEqual([])
  })

  test('stops at what was fed', () => {
    expect(names(needed(diamond, new Set(['b', 'a']), ['out']).layers)).toEqual(['a0', 'c', 'out'])
    // A layer runs for its other output.
    expect(names(needed(diamond, new Set(['a0']), ['out']).layers)).toEqual(['a', 'a0', 'b', 'c', 'out'])
    expect(needed(diamond, new Set(['out']), ['out'])).toEqual({ layers: [], missing: [], absent: [] })
  })

  test('tells what nobody computes', () => {
    expect(needed(diamond, none, ['out']).missing).toEqual(['w', 'x'])
    expect(needed(diamond, new Set(['a']), ['out', 'w']).missing).toEqual(['w'])
    expect(needed(diamond, new Set(['w', 'a']), ['out']).missing).toEqual([])
  })

  test('tells apart what readers can do without', () => {
    const isWeight = (layer: LayerInfo, index: number): boolean => layer.name === 'c' && index === 1
    expect(needed(diamond, none, ['out'], isWeight)).toMatchObject({ missing: ['x'], absent: ['w'] })
    // Another reader, or the caller, cannot.
    const both = [...diamond, ...parse('last <- out w')]
    expect(needed(both, none, ['last'], isWeight)).toMatchObject({ missing: ['w', 'x'], absent: [] })
    expect(needed(diamond, none, ['out', 'w'], isWeight)).toMatchObject({ missing: ['w', 'x'], absent: [] })
    // What a layer computes is computed, though its reader could do without.
    const optional = parse('w <- x', 'c <- x w')
    expect(names(needed(optional, none, ['c'], () => true).layers)).toEqual(['w', 'c'])
  })

  test('follows a chain of any length, and loops once', () => {
    const chain = parse(...Array.from({ length: 50_000 }, (_, i) => `${i + 1} <- ${i}`))
    const { layers, missing } = needed(chain, none, ['50000'])
    expect([layers.length, missing]).toEqual([50_000, ['0']])
    expect(layers.findIndex((layer, i) => layer !== chain[i])).toBe(-1)
    const loop = parse('merge <- x back', 'body <- merge', 'back <- body', 'y <- merge')
    expect(names(needed(loop, none, ['y']).layers)).toEqual(['merge', 'body', 'back', 'y'])
  })
})

describe('inExecutionOrder', () => {
  const fail = (layer: LayerInfo): never => {
    throw new Error(`${layer.name} closes a loop`)
  }

  test('sorts, and keeps the order that is given where it can', () => {
    const layers = parse('out <- b c', 'c <- a', 'b <- a', 'a <- x', 'other <- x')
    expect(names(inExecutionOrder(layers, fail))).toEqual(['a', 'c', 'b', 'out', 'other'])
    const sorted = parse('a <- x', 'b <- a', 'c <- x', 'd <- c b')
    expect(inExecutionOrder(sorted, fail)).toEqual(sorted)
  })

  test('tells of loops, and can leave the way back out of account', () => {
    const loop = parse('y <- body', 'merge <- x back', 'body <- merge', 'back <- body')
    expect(() => inExecutionOrder(loop, fail)).toThrow(/(merge|body|back) closes a loop/)
    const order = names(inExecutionOrder(loop, () => undefined))
    expect([...order].sort()).toEqual(['back', 'body', 'merge', 'y'])
    expect(() => inExecutionOrder(parse('self <- self'), fail)).toThrow('self closes a loop')
  })
})
