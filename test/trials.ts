// How often the tests of properties and of rates try.
// Every run of a property draws other inputs, so what a single short run would miss is found by the next ones; rates are measured
// with the same seeds every time. `npm run test:properties` tries ten times as often.

const times = Number(process.env.PROPERTY_RUNS ?? 1)

export function trials(usual: number): number {
  return usual * times
}

/** For fast-check. */
export function runs(usual: number): { numRuns: number } {
  return { numRuns: trials(usual) }
}
