// Storing fewer than four lanes of a vector: what the ends of rows need.

/** Stores the first 1 to 3 lanes. */
// @ts-ignore: decorator
@inline
export function storeFirst(p: usize, v: v128, lanes: i32): void {
  v128.store32_lane(p, v, 0)
  if (lanes > 1) v128.store32_lane(p + 4, v, 1)
  if (lanes > 2) v128.store32_lane(p + 8, v, 2)
}

/** Stores four lanes, or as many as are left. */
// @ts-ignore: decorator
@inline
export function storeLanes(p: usize, v: v128, left: i32): void {
  if (left >= 4) v128.store(p, v)
  else storeFirst(p, v, left)
}
