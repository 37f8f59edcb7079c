// Makes a big value one line in a runner's diff.

/** Taken before a test can replace it by a fake. */
const { setTimeout } = globalThis

/**
 * Lets the runners print `describe()` instead of every element: the printer of their diffs asks a value for its `toJSON()`, and Jest
 * turns the arguments of an asymmetric matcher into strings. Both methods are hidden and are gone after the current task: the diff
 * is made before. `JSON.stringify`, which passes a key, is not affected.
 */
export function abbreviateInDiff(value: unknown, describe: () => string): void {
  if (typeof value !== 'object' || value === null || Object.hasOwn(value, 'toJSON') || !Object.isExtensible(value))
    return
  const inherited = (value as { toJSON?: (key: string) => unknown }).toJSON
  const toJSON = (...key: [string] | []) => {
    if (key.length === 0) return describe()
    if (inherited !== undefined) return inherited.apply(value, key)
    return Array.isArray(value) ? [...value] : { ...value }
  }
  for (const [name, method] of Object.entries({ toJSON, toString: describe })) {
    Object.defineProperty(value, name, { configurable: true, enumerable: false, writable: true, value: method })
    setTimeout(() => Reflect.deleteProperty(value, name), 0)
  }
}
