// Node's own modules, looked up at run time: a static import of them cannot be loaded in a browser.

interface NodeModules {
  readonly 'node:async_hooks': typeof import('node:async_hooks')
  readonly 'node:child_process': typeof import('node:child_process')
  readonly 'node:crypto': typeof import('node:crypto')
  readonly 'node:fs': typeof import('node:fs')
  readonly 'node:fs/promises': typeof import('node:fs/promises')
  readonly 'node:module': typeof import('node:module')
  readonly 'node:path': typeof import('node:path')
  readonly 'node:timers': typeof import('node:timers')
  readonly 'node:url': typeof import('node:url')
  readonly 'node:util': typeof import('node:util')
  readonly 'node:worker_threads': typeof import('node:worker_threads')
  readonly 'node:zlib': typeof import('node:zlib')
}

/** One of Node's modules. In a browser it is an empty object: what it should hold may be named there, but not called. */
export function nodeModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] {
  const { process } = globalThis as { process?: Partial<NodeJS.Process> }
  return (process?.getBuiltinModule?.(name) ?? {}) as NodeModules[Name]
}

/** Whether there is a file system: false in a browser. */
export function hasFileSystem(): boolean {
  return 'openSync' in nodeModule('node:fs')
}
