// What happens to a sum before it is stored, as types: a loop over sums is compiled once for each, without a branch.
// Classes, for the reason given in activation.ts; `a` and `b` are the activation's parameters.

export class Relu {
  /** NaN becomes 0, as in ncnn. */
  @inline apply(v: v128, a: v128, b: v128): v128 {
    return f32x4.pmax(f32x4.splat(0), v)
  }
}

export class LeakyRelu {
  @inline apply(v: v128, a: v128, b: v128): v128 {
    return v128.bitselect(v, f32x4.mul(v, a), f32x4.gt(v, f32x4.splat(0)))
  }
}

/** Limits, infinite ones for no activation; NaN stays. */
export class Limits {
  @inline apply(v: v128, a: v128, b: v128): v128 {
    return f32x4.pmin(f32x4.pmax(v, a), b)
  }
}
