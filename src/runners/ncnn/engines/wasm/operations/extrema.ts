// Maximum and minimum as ncnn has them, by C++'s std::max and std::min: where the comparison fails, the first argument.

export function larger(x: number, y: number): number {
  if (x < y) return y
  return x
}

export function smaller(x: number, y: number): number {
  if (y < x) return y
  return x
}
