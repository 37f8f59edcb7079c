// Lanes of vectors: storing fewer than four, as the ends of rows need it, and every second of eight.

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

// @ts-ignore: decorator
@inline
export function evens(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 0, 2, 4, 6)
}

// @ts-ignore: decorator
@inline
export function odds(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 1, 3, 5, 7)
}
