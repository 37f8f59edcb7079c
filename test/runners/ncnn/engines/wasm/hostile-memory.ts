// Models in memory that is hostile to them: it holds garbage where nobody wrote, has red zones around all that is allocated, keeps account,
// and detaches, if so wanted, all views of it whenever something is allocated, as memory does that grows.

import { createModel } from '../../../../../src/runners/create-model.ts'
import type { Model } from '../../../../../src/runners/model.ts'
import { type Arena, createArena } from '../../../../../src/runners/ncnn/engines/wasm/memory/arena.ts'
import { loadWasmNetwork } from '../../../../../src/runners/ncnn/engines/wasm/model.ts'
import { NcnnError } from '../../../../../src/runners/ncnn/error.ts'
import type { EngineOptions, NcnnFiles, WithWeights } from '../../../../../src/runners/ncnn/options.ts'
import { parseParam } from '../../../../../src/runners/ncnn/parse-param.ts'
import { ncnnRunner } from '../../../../../src/runners/ncnn/runner.ts'
import { connect } from '../../../../../src/runners/ncnn/topology.ts'
import { bytesSource } from '../../../../../src/runners/ncnn/weight-source.ts'
import type { Tensor } from '../../../../../src/tensor/tensor.ts'
import type { Fixture } from '../../fixtures.ts'

const defaults: EngineOptions = {
  ncnn: {},
  precision: 'float32',
  customLayers: {},
  memoryLimit: undefined,
  weightsOnDemand: undefined,
  relaxedSimd: false,
  release: '20261020',
  batched: false,
}

/** What is readable behind an allocation is for kernels that load whole vectors: nobody may write there. */
const slackBytes = 64

/** Before each allocation and behind its slack. */
const zoneBytes = 128

export interface GuardedMemory {
  /** Makes the arena of one model. */
  readonly arenaOver: typeof createArena
  /** How many allocations are in use. */
  inUse(): number
  /** @throws Error when something was written beside an allocation that is in use */
  check(): void
}

/** @param poison what every byte of new memory is, of red zones, and of memory that was freed */
export function guardedMemory(poison: number): GuardedMemory {
  const sizes = new Map<number, number>()
  let check = (): void => {}
  const arenaOver: typeof createArena = (memory, limit, firstAddress) => {
    const arena = createArena(memory, limit, firstAddress)
    const untouched = Buffer.alloc(zoneBytes + slackBytes, poison)
    let recent: number[] = []
    const bytesAt = (address: number, length: number) => Buffer.from(memory.buffer, address, length)
    const checkZones = (address: number): void => {
      const size = sizes.get(address) ?? 0
      for (const [where, begin, length] of [
        ['before', address - zoneBytes, zoneBytes],
        ['behind', address + size, slackBytes + zoneBytes],
      ] as const) {
        const zone = bytesAt(begin, length)
        if (zone.equals(untouched.subarray(0, length))) continue
        const at = zone.findIndex((byte) => byte !== poison)
        throw new Error(`something wrote ${where} an allocation of ${size} bytes: byte ${at} of ${length} there`)
      }
    }
    const giveUp = (address: number): void => {
      checkZones(address)
      bytesAt(address, sizes.get(address) ?? 0).fill(poison)
      sizes.delete(address)
    }
    check = () => {
      for (const address of sizes.keys()) checkZones(address)
    }
    return {
      memory,
      alloc(bytes) {
        const whole = zoneBytes + bytes + slackBytes + zoneBytes
        const begin = arena.alloc(whole)
        bytesAt(begin, whole).fill(poison)
        const address = begin + zoneBytes
        sizes.set(address, bytes)
        recent.push(address)
        return address
      },
      free(address) {
        if (!sizes.has(address)) throw new Error(`nothing is allocated at address ${address}`)
        giveUp(address)
        arena.free(address - zoneBytes)
      },
      begin() {
        recent = []
        arena.begin()
      },
      rollBack() {
        for (const address of recent) if (sizes.has(address)) giveUp(address)
        arena.rollBack()
      },
      expect: (bytes) => arena.expect(bytes),
      get used() {
        return arena.used
      },
      get peak() {
        return arena.peak
      },
    }
  }
  return { arenaOver, inUse: () => sizes.size, check: () => check() }
}

/** Arenas whose memory grows whenever something is allocated: by nothing, which detaches all views as any growth does. */
const growing =
  (arenaOver: typeof createArena): typeof createArena =>
  (memory, limit, firstAddress): Arena => {
    const arena = arenaOver(memory, limit, firstAddress)
    const { alloc } = arena
    return Object.assign(arena, {
      alloc(bytes: number) {
        const address = alloc(bytes)
        memory.grow(0)
        return address
      },
    })
  }

/** A model whose memory comes from `arenaOver`. */
export async function modelOver(
  { param, bin }: Pick<NcnnFiles, 'param'> & Pick<Fixture, 'bin'>,
  more: Partial<EngineOptions>,
  arenaOver: typeof createArena,
): Promise<Model> {
  const options = { ...defaults, ...more }
  const graph = parseParam({ param, paramName: 'param' })
  const topology = connect(graph)
  const weights = bytesSource(bin, 'bin')
  const withWeights: WithWeights = (use) => use(weights)
  const loaded = { param, bin: weights, paramName: 'param', graph, topology, withWeights }
  const network = await loadWasmNetwork(loaded, options, arenaOver)
  const runtime = { name: 'wasm', version: '', options: {} }
  return createModel(ncnnRunner(loaded, network, runtime, options.batched), NcnnError)
}

/** Runs a fixture twice in such memory that grows, and gives what the second run gave. */
export async function runInHostileMemory(
  { param, bin, inputs }: Fixture,
  more: Partial<EngineOptions>,
  poison: number,
): Promise<Record<string, Tensor>> {
  const memory = guardedMemory(poison)
  using model = await modelOver({ param, bin }, more, growing(memory.arenaOver))
  const loaded = memory.inUse()
  await model.run(inputs, { outputs: 'all' })
  const outputs = await model.run(inputs, { outputs: 'all' })
  memory.check()
  if (memory.inUse() !== loaded) throw new Error(`${memory.inUse() - loaded} blobs were not freed`)
  return outputs
}
