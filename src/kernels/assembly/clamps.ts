// What happens to a sum before it is stored, as types: a loop over sums is compiled once for each, without a branch.
// Two classes, for the reason given in activation.ts.

export class Relu {
  /** NaN becomes 0, as in ncnn. */
  @inline apply(v: v128, lo: v128, hi: v128): v128 {
    return f32x4.pmax(f32x4.splat(0), v)
  }
}

/** Limits, infinite ones for no activation; NaN stays. */
export class Limits {
  @inline apply(v: v128, lo: v128, hi: v128): v128 {
    return f32x4.pmin(f32x4.pmax(v, lo), hi)
  }
}
