// Names in messages: of tensors, inputs, blobs, options.

/** Up to eight names in quotes, for "found ..." and "its inputs are ..."; `none` when there are none. */
export function quoteNames(names: readonly string[]): string {
  if (names.length === 0) return 'none'
  const shown = names.slice(0, 8).map((name) => JSON.stringify(name))
  return names.length > shown.length ? `${shown.join(', ')} and ${names.length - shown.length} more` : shown.join(', ')
}
