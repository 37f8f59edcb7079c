// The multiply-add of every sum of products: two roundings, the same bits everywhere; in the relaxed module one rounding where the
// processor has an instruction for it.

// @ts-ignore: decorator
@inline
export function madd(c: v128, a: v128, b: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(c, f32x4.mul(a, b))
}
