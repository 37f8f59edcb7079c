// Models in memory that is hostile to them: it grows whenever something is allocated, so that views taken before are detached, and what is
// allocated holds garbage.

import { createModel } from '../../../../../src/runners/create-model.ts'
import type { Model } from '../../../../../src/runners/model.ts'
import { createArena } from '../../../../../src/runners/ncnn/engines/wasm/memory/arena.ts'
import { loadWasmNetwork } from '../../../../../src/runners/ncnn/engines/wasm/model.ts'
import { NcnnError } from '../../../../../src/runners/ncnn/error.ts'
import type { EngineOptions, NcnnFiles } from '../../../../../src/runners/ncnn/options.ts'
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
  relaxedSimd: false,
  release: '20261020',
  batched: false,
}

/** What is readable behind an allocation is for kernels that load whole vectors. */
const slackBytes = 64

/** Arenas, with the number of allocations that are in use. */
export function counted(make: typeof createArena): { readonly make: typeof createArena; inUse(): number } {
  let count = 0
  return {
    inUse: () => count,
    make(memory, limit, firstAddress) {
      const arena = make(memory, limit, firstAddress)
      return {
        ...arena,
        alloc(bytes) {
          const address = arena.alloc(bytes)
          count++
          return address
        },
        free(address) {
          arena.free(address)
          count--
        },
      }
    },
  }
}

/** @param poison what every byte of new memory is, and of memory that was freed */
export const poisonedArena =
  (poison: number): typeof createArena =>
  (memory, limit, firstAddress) => {
    const arena = createArena(memory, limit, firstAddress)
    const sizes = new Map<number, number>()
    const fill = (address: number, bytes: number): void => {
      new Uint8Array(memory.buffer, address, bytes).fill(poison)
    }
    return {
      ...arena,
      alloc(bytes) {
        const address = arena.alloc(bytes)
        sizes.set(address, bytes)
        fill(address, bytes + slackBytes)
        return address
      },
      free(address) {
        fill(address, sizes.get(address) ?? 0)
        arena.free(address)
      },
    }
  }

/** That also grows whenever something is allocated. */
const hostileArena =
  (poison: number): typeof createArena =>
  (memory, limit, firstAddress) => {
    const arena = poisonedArena(poison)(memory, limit, firstAddress)
    return {
      ...arena,
      alloc(bytes) {
        const address = arena.alloc(bytes)
        memory.grow(1)
        return address
      },
    }
  }

/** A model whose memory comes from `arenaOver`. */
export async function modelOver(
  { param, bin }: Pick<NcnnFiles, 'param'> & Pick<Fixture, 'bin'>,
  more: Partial<EngineOptions>,
  arenaOver: typeof createArena,
): Promise<Model> {
  const graph = parseParam({ param, paramName: 'param' })
  const topology = connect(graph)
  const weights = bytesSource(bin, 'bin')
  const network = await loadWasmNetwork({ graph, topology }, weights, { ...defaults, ...more }, arenaOver)
  const runtime = { name: 'wasm', version: '', options: {} }
  const model = { param, bin: weights, paramName: 'param', graph, topology }
  return createModel(ncnnRunner(model, network, runtime, false), NcnnError)
}

/** Runs a fixture twice in such memory, and gives what the second run gave. */
export async function runInHostileMemory(
  { param, bin, inputs }: Fixture,
  more: Partial<EngineOptions>,
  poison: number,
): Promise<Record<string, Tensor>> {
  using model = await modelOver({ param, bin }, more, hostileArena(poison))
  await model.run(inputs, { outputs: 'all' })
  return await model.run(inputs, { outputs: 'all' })
}
