// What a snapshot's file says of the engine that computed its tensors.
import { originOf, type Runtime } from '../tensor/origin.ts'
import type { Contents } from './contents.ts'

/** Name, version and options of the engine, as far as the tensors came out of a model's run; of several, one after the other. */
export function originMetadata({ tensors }: Contents): Record<string, string> {
  const origins = new Map<string, Runtime>()
  for (const { data } of Object.values(tensors)) {
    const origin = originOf(data)
    if (origin !== undefined) origins.set(JSON.stringify(origin), origin)
  }
  if (origins.size === 0) return {}
  const join = (part: (runtime: Runtime) => string): string => [...origins.values()].map(part).join('; ')
  return {
    engine: join(({ name }) => name),
    engineVersion: join(({ version }) => version ?? 'unknown'),
    engineOptions: join(({ options }) => JSON.stringify(options ?? {})),
  }
}
