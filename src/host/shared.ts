// What all copies of this package in one realm have in common: each entry point, as ESM and as CommonJS, may have modules of its own.

/** The value that was made first under this name, by whichever copy of the package. */
export function shared<Value>(name: string, create: () => Value): Value {
  const key = Symbol.for(`expect-tensor.${name}`)
  const registry = globalThis as { [key]?: Value }
  registry[key] ??= create()
  return registry[key]
}
