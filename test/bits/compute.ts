// Runs the networks, and hashes their outputs. Knows nothing of Node, so that a browser can do the same.
import { randomNumbers, randomWeights } from '../../bench/random-weights.ts'
import type { loadNcnn } from '../../src/runners/ncnn/index.ts'
import type { LoadNcnnOptions } from '../../src/runners/ncnn/options.ts'
import type { TypedArray } from '../../src/tensor/dtype.ts'
import { networks, voiceprints } from './networks.ts'

type Load = typeof loadNcnn

/** One network to be run. */
export interface BitsCase {
  readonly name: string
  /** Loads the network with these options besides its own, and returns its output's elements. */
  run(load: Load, options?: LoadNcnnOptions): Promise<TypedArray>
}

/** @param read gives the bytes of a file of examples/voiceprint/models */
export function bitsCases(read: (file: string) => Promise<Uint8Array>): readonly BitsCase[] {
  return [
    ...Object.entries(networks).map(([name, { layers, shape, options: own = {} }]) => ({
      name,
      run: (load: Load, options: LoadNcnnOptions = {}) => {
        const param = paramOf(layers)
        const merged = { ...own, ...options, ncnn: { ...own.ncnn, ...options.ncnn } }
        return outputOf(load, param, randomWeights(param), shape, merged)
      },
    })),
    ...voiceprints.map(({ name, file, shape }) => ({
      name,
      run: async (load: Load, options: LoadNcnnOptions = {}) => {
        const [param, bin] = await Promise.all([read(`${file}.param`), read(`${file}.bin`)])
        return outputOf(load, new TextDecoder().decode(param), bin, shape, options)
      },
    })),
  ]
}

/** The FNV-1a hash of the bits of an array, as hex. */
export function hashOf({ buffer, byteOffset, byteLength }: TypedArray): string {
  let hash = 0x811c9dc5
  for (const byte of new Uint8Array(buffer, byteOffset, byteLength)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash.toString(16).padStart(8, '0')
}

function paramOf(layers: readonly string[]): string {
  const blobs = new Set(
    layers.flatMap((layer) => layer.split(' ').slice(4, 4 + Number(layer.split(' ')[2]) + Number(layer.split(' ')[3]))),
  )
  return ['7767517', `${layers.length + 1} ${blobs.size}`, 'Input x 0 1 x', ...layers].join('\n')
}

async function outputOf(
  load: Load,
  param: string,
  bin: Uint8Array,
  shape: readonly number[],
  options: LoadNcnnOptions,
): Promise<TypedArray> {
  const model = await load({ param, bin }, options)
  const data = Float32Array.from({ length: shape.reduce((size, length) => size * length, 1) }, randomNumbers(1))
  const [{ data: output }] = Object.values(
    await model.run({ [model.inputs[0].name]: { data, shape: [...shape], dtype: 'float32' } }),
  )
  model.close()
  // What overflowed or died out would be equal everywhere.
  const values = Array.from(output, Number)
  if (!values.every(Number.isFinite)) throw new Error('the output is not finite')
  if (new Set(values).size < 10) throw new Error('the output is nearly constant')
  return output
}
