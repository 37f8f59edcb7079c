// The kernels of the comparison: what its WebAssembly module exports.
import { type Callable, kernel, measure } from './definition.ts'

/** Between dtypes, exactly. */
export const conversionKernels = {
  float16ToFloat32: kernel(['source', 'destination', 'n']),
  bfloat16ToFloat32: kernel(['source', 'destination', 'n']),
  int8ToFloat32: kernel(['source', 'destination', 'n']),
  uint8ToFloat32: kernel(['source', 'destination', 'n']),
  int16ToFloat32: kernel(['source', 'destination', 'n']),
  uint16ToFloat32: kernel(['source', 'destination', 'n']),
  float32ToFloat64: kernel(['source', 'destination', 'n']),
  int32ToFloat64: kernel(['source', 'destination', 'n']),
  uint32ToFloat64: kernel(['source', 'destination', 'n']),
  float64ToInt64: kernel(['source', 'destination', 'n']),
}

/** Elements of both sides, of one type. */
const pairs = ['actual', 'reference', 'n'] as const

/** The rule of an element (src/compare/element-rule.ts), and float32 tolerances safely below its own, which settle most elements. */
const rule = ['atol', 'rtol', 'surelyAtol', 'surelyRtol', 'equalNaN'] as const

export const compareDefinitions = {
  ...conversionKernels,
  /**
   * The first element that misses the rule, `n` when none does. What lies between `n` and the next multiple of 16 must be zero on both
   * sides. `continues` is 1 when the elements follow those of the last call: then it is known whether `atol` alone was enough so far.
   */
  firstMissFloat32: measure([...pairs, ...rule, 'continues']),
  /** As `firstMissFloat32`, but for `continues`. */
  firstMissFloat64: measure([...pairs, 'atol', 'rtol', 'equalNaN']),
  /**
   * The first element that misses the rule, or whose difference does not fit 64 bits: the caller has to look at it. `signs` has bit 0
   * set when actual is unsigned, bit 1 when the reference is.
   */
  firstMissInt64: measure([...pairs, 'atol', 'rtol', 'signs']),
  /** Adds pairs, the first of which is element `position` of its tensor, to the float64 slots at `results`. */
  statisticsFloat32: kernel(['results', ...pairs, 'position', ...rule]),
  statisticsFloat64: kernel(['results', ...pairs, 'position', ...rule]),
  /**
   * Adds the moments of pairs of finite elements, about a pivot of each side, to the float64 slots at `results`. Writes two bytes at
   * `counts` for every 64 pairs: how many are equal, and how many differ.
   */
  momentsFloat64: kernel(['results', ...pairs, 'pivotActual', 'pivotReference', 'counts']),
  /** The square of the distance between pairs of finite elements, each side times its factor; zeros behind them as for `firstMissFloat32`. */
  squaredDistanceFloat32: measure([...pairs, 'actualFactor', 'referenceFactor']),
  squaredDistanceFloat64: measure([...pairs, 'actualFactor', 'referenceFactor']),
  /** Counts errors per bucket, 65536 of uint32 at `buckets`; adds to the two float64 `totals`: how many are zero, and their sum. */
  countAbsoluteFloat32: kernel([...pairs, 'buckets', 'totals']),
  countAbsoluteFloat64: kernel([...pairs, 'buckets', 'totals']),
  countRelativeFloat32: kernel([...pairs, 'buckets', 'totals']),
  countRelativeFloat64: kernel([...pairs, 'buckets', 'totals']),
  /** Copies to `errors` those errors whose bucket has a byte of 1 in `marks`: how many. */
  collectAbsoluteFloat32: measure([...pairs, 'marks', 'errors']),
  collectAbsoluteFloat64: measure([...pairs, 'marks', 'errors']),
  collectRelativeFloat32: measure([...pairs, 'marks', 'errors']),
  collectRelativeFloat64: measure([...pairs, 'marks', 'errors']),
}

/** The module's exports, called with named arguments. Pointers are byte offsets, `n` counts elements, `equalNaN` is 0 or 1. */
export type CompareKernels = Callable<typeof compareDefinitions>
