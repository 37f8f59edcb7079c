// Loops that are unrolled when they are compiled, not by hand.

/**
 * `const copy = unrolled(16)` at the beginning of a block: scripts/unroll-blocks.mjs puts sixteen copies of the block in its place, with
 * 0, 1, ... 15 as `copy`. These are constants, so that what is computed from them can be the offset of a load, and an `if` that asks for
 * them costs nothing. Of a loop's body it makes sixteen rounds for which the loop's condition is looked at once; `break` leaves the loop.
 */
export function unrolled(copies: i32): i32 {
  ERROR('scripts/unroll-blocks.mjs has to be given to the compiler.')
  return copies
}
