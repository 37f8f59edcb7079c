// Tells a person who waits for an analysis that it is under way.
import type { Model } from '../runners/model.ts'
import type { Terminal } from './command.ts'

/** What is over sooner needs no word, in milliseconds. */
const patience = 1000
/** How often the line changes, in milliseconds. */
const interval = 200

/** The model; while it and its variants are run, the terminal says for how long. */
export function withProgress(model: Model, { status }: Pick<Terminal, 'status'>): Model {
  const begun = performance.now()
  let runs = 0
  let shown = begun + patience - interval
  const report = (): void => {
    runs++
    const now = performance.now()
    if (now < shown + interval) return
    shown = now
    status(`comparing: ${Math.round((now - begun) / 1000)} s, ${runs} runs of the model or of single layers`)
  }
  const watch = (watched: Model): Model => {
    const { variant } = watched
    return {
      ...watched,
      run(inputs, options) {
        report()
        return watched.run(inputs, options)
      },
      ...(variant && { variant: async (settings) => watch(await variant(settings)) }),
    }
  }
  return watch(model)
}
