// The key by which `using` ends a model.

/**
 * `Symbol.dispose`. On Node 20 the vm contexts of Jest and Vitest lack it; what compiles `using` looks for the registered symbol then.
 */
export const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose')
