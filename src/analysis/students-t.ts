// Quantiles of Student's t distribution.

/** The value that a variable with `degrees` (a whole number) degrees of freedom exceeds with a probability of `1 - level`. */
export function studentsQuantile(level: number, degrees: number): number {
  let [low, high] = [0, 1]
  while (cumulative(high, degrees) < level) high *= 2
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (cumulative(middle, degrees) < level) low = middle
    else high = middle
  }
  return high
}

/** For t >= 0. Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4. */
function cumulative(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees))
  const cosine = Math.cos(angle)
  const isOdd = degrees % 2 === 1
  let term = isOdd ? cosine : 1
  let sum = degrees === 1 ? 0 : term
  for (let power = isOdd ? 3 : 2; power <= degrees - 2; power += 2) {
    term *= (cosine * cosine * (power - 1)) / power
    sum += term
  }
  const within = isOdd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum
  return (1 + within) / 2
}
