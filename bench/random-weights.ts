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

/** Integers per unit of quantised weights and inputs: what is near 1 then fills half of the range. */
const int8Unit = 60

/**
 * A .bin for a .param: fp32 weights of such size that activations neither vanish nor explode, since subnormal numbers and
 * infinities would change the speed. Weights without a storage tag are biases, scales and variances: near 1, or small.
 */
export function randomWeights(param: string): Uint8Array {
  const declared = declareLayers(parseParam({ param, paramName: 'param' }), {})
  const parts: Float32Array[] = []
  for (const [index, { weights }] of declared.entries()) {
    const present = Object.entries(weights).flatMap(([name, spec]) => (spec === undefined ? [] : [{ name, ...spec }]))
    for (const [at, { name, count, stored }] of present.entries()) {
      const tagged = stored === 'tagged'
      const next = randomNumbers(index * 16 + at)
      const outputs = present.find((other) => other.stored === 'float32')?.count ?? 1
      const scale = tagged ? Math.sqrt((3 * outputs) / count) : 0.1
      const middle = tagged || name.includes('bias') || name.includes('beta') ? 0 : 1
      const unit = name.endsWith('int8_scales') ? int8Unit : 1
      if (tagged) parts.push(new Float32Array(1))
      parts.push(Float32Array.from({ length: count }, () => unit * (middle + scale * next())))
    }
  }
  return concatenate(parts)
}

function concatenate(parts: readonly Float32Array[]): Uint8Array {
  const all = new Float32Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return new Uint8Array(all.buffer)
}
