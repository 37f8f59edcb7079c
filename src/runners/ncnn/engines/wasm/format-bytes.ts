// Sizes of memory for messages.

/** In MiB or GiB, rounded up: what exceeds a limit then looks larger than it. */
export function formatBytes(bytes: number): string {
  return bytes >= 2 ** 30
    ? `${(Math.ceil((10 * bytes) / 2 ** 30) / 10).toFixed(1)} GiB`
    : `${Math.ceil(bytes / 2 ** 20)} MiB`
}
