// The options of an assertion as the user would write them.
import type { CompareOptions } from '../compare/options/options.ts'
import { formatExact } from '../tensor/numbers.ts'

/** `, { atol: 1e-3, normalize: 'l2' }`; nothing when there are no options. */
export function formatOptions(options: CompareOptions | undefined): string {
  const given = Object.entries(options ?? {}).filter(([, value]) => value !== undefined)
  if (given.length === 0) return ''
  return `, { ${given.map(([name, value]) => `${name}: ${formatOption(value)}`).join(', ')} }`
}

function formatOption(value: unknown): string {
  if (typeof value === 'number') return formatExact(value)
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'function') return value.name || 'function'
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return `{ ${Object.entries(value)
      .map(([name, bound]) => `${name}: ${formatOption(bound)}`)
      .join(', ')} }`
  }
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value)
}
