// Makes a model say what runs it, and what it computes remember that.
import { rememberOrigin } from '../tensor/origin.ts'
import type { Model, Runtime } from './model.ts'

/** A model that does not know yet what runs it. */
export type BareModel = Omit<Model, 'runtime'>

export function withRuntime(model: BareModel, runtime: Runtime): Model {
  return {
    ...model,
    runtime,
    async run(inputs, options) {
      const results = await model.run(inputs, options)
      for (const [name, { data }] of Object.entries(results)) {
        if (!Object.hasOwn(inputs, name)) rememberOrigin(data, runtime)
      }
      return results
    },
  }
}
