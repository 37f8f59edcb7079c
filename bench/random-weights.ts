// Weights for a .param without a .bin: the same pseudo-random numbers everywhere.
import { declareLayers } from '../src/runners/ncnn/engines/wasm/declare.ts'
import { parseParam } from '../src/runners/ncnn/parse-param.ts'

/** Numbers in [-1, 1), the same in every run. */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return state / 2 ** 31
  }
}

/**
 * A .bin for a .param: fp32 weights of such size that activations neither vanish nor explode, since subnormal numbers and
 * infinities would change the speed. Weights without a storage tag are biases, scales and variances: near 1, or small.
 */
export function randomWeights(param: string): Uint8Array {
  const declared = declareLayers(parseParam({ param, bin: new Uint8Array(), paramName: 'param', binName: 'bin' }), {})
  const parts: Float32Array[] = []
  for (const [index, { weights }] of declared.entries()) {
    const present = Object.entries(weights).flatMap(([name, spec]) => (spec === undefined ? [] : [{ name, ...spec }]))
    for (const [at, { name, count, tagged }] of present.entries()) {
      const next = randomNumbers(index * 16 + at)
      const outputs = present.find((other) => !other.tagged)?.count ?? 1
      const scale = tagged ? Math.sqrt((3 * outputs) / count) : 0.1
      const middle = tagged || name.includes('bias') || name.includes('beta') ? 0 : 1
      if (tagged) parts.push(new Float32Array(1))
      parts.push(Float32Array.from({ length: count }, () => middle + scale * next()))
    }
  }
  return new Uint8Array(Buffer.concat(parts.map((part) => new Uint8Array(part.buffer))))
}
