// A kernel cannot be miscalled: its definition names the parameters of its AssemblyScript function, all of them, in their order.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compareDefinitions } from '../../src/kernels/comparison.ts'
import { ncnnDefinitions } from '../../src/kernels/definitions.ts'
import { wasmBase64 } from '../../src/kernels/generated/compare.ts'
import { wasmBase64 as relaxedWasm } from '../../src/kernels/generated/ncnn-relaxed.ts'
import { compileKernels } from '../../src/kernels/instantiate.ts'
import { createNcnnKernels, maxPages, ncnnModule } from '../../src/kernels/ncnn.ts'

const assembly = new URL('../../src/kernels/assembly/', import.meta.url)
const sources = readdirSync(assembly).filter((name) => name.endsWith('.ts'))

/** The parameters of every exported function, by its name. */
const parameters = new Map(
  sources.flatMap((name) =>
    [...readFileSync(new URL(name, assembly), 'utf8').matchAll(/^export function (\w+)\(([^)]*)\)/gm)].map(
      ([, kernel, list]) => [kernel, [...list.matchAll(/(\w+):/g)].map(([, parameter]) => parameter)] as const,
    ),
  ),
)

test.each(Object.entries({ ...compareDefinitions, ...ncnnDefinitions }))(
  '%s names its parameters',
  (kernel, { names, defaults }) => {
    expect(names).toEqual(parameters.get(kernel))
    expect(names).toEqual(expect.arrayContaining(Object.keys(defaults)))
  },
)

/** The arity of every function that a module exports. */
function aritiesOf(module: WebAssembly.Module): Record<string, number> {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: maxPages })
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  const functions = Object.entries(exports).filter((entry): entry is [string, () => unknown] => {
    return typeof entry[1] === 'function'
  })
  return Object.fromEntries(functions.map(([name, { length }]) => [name, length]))
}

/** Undefined where there is no relaxed SIMD. `ncnnModule` would keep it, for suites that want to see it compiled. */
function relaxedModule(): WebAssembly.Module | undefined {
  try {
    return compileKernels(relaxedWasm)
  } catch {
    return undefined
  }
}

describe.each([
  ['comparison', compileKernels(wasmBase64), compareDefinitions],
  ['plain ncnn', await ncnnModule({ shared: false, relaxed: false }), ncnnDefinitions],
  ['relaxed ncnn', relaxedModule(), ncnnDefinitions],
])('the %s module', (_, module, definitions) => {
  test.skipIf(module === undefined)('exports what is defined, with as many parameters, and nothing else', () => {
    const defined = Object.entries(definitions).map(([name, { names }]) => [name, names.length])
    expect(module && aritiesOf(module)).toEqual(Object.fromEntries(defined))
  })
})

test('named arguments arrive in their places, those left out as their defaults', () => {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: maxPages })
  const kernels = createNcnnKernels(memory)
  const values = new Float32Array(memory.buffer, 65536, 8)
  values.set([1, 2, 3, 4])
  kernels.scaleBias({ outer: 2, inner: 2, scale: 65544, output: 65552, input: 65536 })
  expect([...values.subarray(4)]).toEqual([3, 6, 12, 16])
})
