// Activation functions, as numbers: what hypotheses about a missing or another activation try.

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

export const silu = (x: number): number => x * sigmoid(x)

/** `x * Φ(x)`, the exact form. */
export const gelu = (x: number): number => 0.5 * x * (1 + erf(x / Math.SQRT2))

export const geluTanh = (x: number): number =>
  0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))

export const quickGelu = (x: number): number => x * sigmoid(1.702 * x)

export const hardSigmoid = (x: number): number => Math.min(1, Math.max(0, x / 6 + 0.5))

export const hardSwish = (x: number): number => x * hardSigmoid(x)

export const softplus = (x: number): number => (x > 30 ? x : Math.log1p(Math.exp(x)))

export const mish = (x: number): number => x * Math.tanh(softplus(x))

export const elu = (x: number): number => (x > 0 ? x : Math.expm1(x))

export const leakyRelu =
  (slope: number) =>
  (x: number): number =>
    x > 0 ? x : slope * x

/** The error function, by its series near 0 and its continued fraction beyond: to about 1e-15. */
function erf(x: number): number {
  const magnitude = Math.abs(x)
  if (magnitude > 6) return Math.sign(x)
  if (magnitude < 2.5) {
    let term = x
    let sum = x
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (-x * x) / n
      sum += term / (2 * n + 1)
    }
    return (2 / Math.sqrt(Math.PI)) * sum
  }
  let fraction = 0
  for (let n = 60; n > 0; n--) fraction = n / 2 / (magnitude + fraction)
  return Math.sign(x) * (1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / (magnitude + fraction))
}
