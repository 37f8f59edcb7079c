// Makes a big value one line in a runner's diff.

/** Taken before a test can replace it by a fake. */
const { setTimeout } = globalThis

/**
 * Lets the runners' printer, which asks a value for its `toJSON()`, print `describe()` instead of every element. The property is
 * not enumerable and is gone after the current task: the diff is made before. `JSON.stringify`, which passes a key, is not affected.
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
  Object.defineProperty(value, 'toJSON', { configurable: true, enumerable: false, writable: true, value: toJSON })
  setTimeout(() => Reflect.deleteProperty(value, 'toJSON'), 0)
}
