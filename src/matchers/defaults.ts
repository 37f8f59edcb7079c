// Options that apply to every assertion of a project, and how an assertion's own options override them.
import { checkOptions } from '../compare/options/check-options.ts'
import type { CompareOptions } from '../compare/options/options.ts'
import { shared } from '../host/shared.ts'

const configured = shared<{ defaults?: CompareOptions }>('configured', () => ({}))

/** What decides pass or fail: an assertion that gives one of these replaces them all. */
const criteria = ['atol', 'rtol', 'preset', 'metrics'] as const

/**
 * Sets the options that every tensor matcher starts from, in place of those set before. Call it in a set-up file.
 *
 * An assertion that gives any of `atol`, `rtol`, `preset` or `metrics` replaces all four, so that `{ atol: 1e-5 }` never hides a
 * default `rtol`; `normalize` replaces `axis` likewise. Every other option overrides its own default only.
 *
 * @throws TypeError or RangeError that names the option, for an unknown or wrong one.
 */
export function configureTensorMatchers(defaults: CompareOptions): void {
  checkOptions(defaults)
  configured.defaults = { ...defaults }
}

/** The options of one assertion over the project's defaults. An option that is undefined counts as not given. */
export function withDefaults(options: CompareOptions | undefined): CompareOptions | undefined {
  return overlay(configured.defaults, options)
}

/** Options over others. */
export function overlay(
  defaults: CompareOptions | undefined,
  options: CompareOptions | undefined,
): CompareOptions | undefined {
  if (defaults === undefined || typeof options !== 'object' || options === null) return options ?? defaults
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as CompareOptions
  const { atol, rtol, preset, metrics, normalize, axis, ...rest } = defaults
  return {
    ...rest,
    ...(criteria.some((name) => name in given) ? {} : { atol, rtol, preset, metrics }),
    ...('normalize' in given ? {} : { normalize, axis }),
    ...given,
  }
}
