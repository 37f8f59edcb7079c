// Runs the built package where every look-up of a global is seen, as it is in Jest and in Vitest's vm pools, where each costs much: what is looked
// up while it works. The build should have bound the globals of the language (scripts/bind-globals.ts).
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const dist = fileURLToPath(new URL('../../dist/', import.meta.url))

/** `require` of CommonJS files that hands the name of each global, when it is mentioned, to `onLookUp`. */
function requireObserved(onLookUp) {
  const scope = new Proxy({}, { has: (_, name) => onLookUp(name) })
  const loaded = new Map()
  return function load(file) {
    const known = loaded.get(file)
    if (known !== undefined) return known.exports
    const module = { exports: {} }
    loaded.set(file, module)
    const requireReal = createRequire(file)
    const require = (name) => (name.startsWith('./') ? load(join(dirname(file), name)) : requireReal(name))
    // `with` asks the proxy for every name that the module does not declare
    const body = `with (scope) { return function (exports, require, module) {\n${readFileSync(file, 'utf8')}\n} }`
    new Function('scope', body)(scope)(module.exports, require, module)
    return module.exports
  }
}

const param = `7767517
4 4
Input in0 0 1 in0
Convolution conv 1 1 in0 c 0=4 1=3 4=1 5=1 6=36 9=1
InnerProduct fc 1 1 c f 0=3 1=1 2=768
Softmax softmax 1 1 f out0
`
const bin = new Uint8Array(4 * (1 + 36 + 4 + 1 + 768 + 3)).fill(0)

/** The globals, sorted, that comparing and running models look up once the package is loaded. */
export async function lookedUpGlobals() {
  const seen = new Set()
  let working = false
  const load = requireObserved((name) => {
    if (working) seen.add(name)
    return false
  })
  const { compareTensors, tensorMatchers } = load(join(dist, 'index.cjs'))
  const { loadNcnn, ncnnOptionSets } = load(join(dist, 'ncnn.cjs'))
  const { decodeSafetensors, encodeSafetensors } = load(join(dist, 'files.cjs'))
  working = true
  const in0 = { data: Float32Array.from({ length: 64 }, (_, i) => Math.sin(i)), shape: [1, 8, 8], dtype: 'float32' }
  for (const options of [{}, { precision: 'float64' }, { ncnn: ncnnOptionSets.default }]) {
    const model = await loadNcnn({ param, bin }, options)
    const outputs = await model.run({ in0 }, { outputs: 'all' })
    decodeSafetensors(encodeSafetensors(outputs))
    model.close()
  }
  const reference = Float32Array.from({ length: 10_000 }, (_, i) => Math.sin(i))
  const actual = reference.map((value, i) => value * (1 + 1e-3 * Math.cos(7 * i)))
  const message = String(compareTensors(actual, reference, { normalize: 'l2', metrics: { cosine: 1, maxUlp: 1 } }))
  if (!message.startsWith('Tensors do not match')) throw new Error(`unexpected message: ${message}`)
  tensorMatchers.toAgreeOnTopK.call({}, actual, reference, 3)
  return [...seen].sort()
}
