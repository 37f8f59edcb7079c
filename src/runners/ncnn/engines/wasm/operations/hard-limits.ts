// Where the line of a hard sigmoid meets 0 and 1.

/** Between these points the hard sigmoid is neither 0 nor 1. */
export function hardLimits({ alpha, beta }: { readonly alpha: number; readonly beta: number }): [number, number] {
  const lower = -beta / alpha
  return [lower, 1 / alpha + lower]
}
