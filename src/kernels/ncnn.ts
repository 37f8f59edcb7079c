// The SIMD kernels of the built-in ncnn engine: what the WebAssembly module exports, and how to instantiate it over a model's memory.
import { wasmBase64 } from './generated/ncnn.ts'
import { compileKernels, compileSharedKernels, instantiateKernels } from './instantiate.ts'

/** A byte offset into the memory that the kernels were instantiated over. Float arrays are 4-byte aligned; 16 is faster. */
export type Pointer = number

/** The first byte that the engine may allocate; the kernels' constant tables lie below. */
export const firstFreeByte = 65536

/**
 * Kernels may read, never write, this many bytes past the end of an array: every allocation needs as much slack behind it,
 * whose contents do not matter.
 */
export const readSlackBytes = 64

/** Bytes of scratch memory that every GEMM, convolution and recurrent kernel needs, whatever the shapes. */
export const gemmScratchBytes = 528 * 1024

/** Outputs per side of a tile of Winograd's algorithm: F(2x2, 3x3) or F(4x4, 3x3). */
export type WinogradSize = 2 | 4

/** Places of a tile: as many inputs as give its outputs. */
export const winogradPlaces = (size: WinogradSize): number => (size + 2) ** 2

/** How weights are stored where they are packed from. */
export const WeightType = { float32: 0, float16: 1 } as const

/** Where the sum of a matrix product starts: 0, a bias per row or per column of the product, or what the product's memory holds. */
export const Initial = { zero: 0, rowBias: 1, columnBias: 2, accumulate: 3 } as const

/**
 * Activations, alone or fused into GEMM and convolution, with the meaning of their parameters `(a, b)`.
 * 0 to 6 are ncnn's `activation_type`; each is computed in the steps of ncnn's plain layer of that name.
 */
export const Activation = {
  none: 0,
  /** max(x, 0); NaN becomes 0, as in ncnn's fused activation. The layer ReLU, which keeps NaN, is `clip` with (0, Infinity). */
  relu: 1,
  /** a = slope */
  leakyRelu: 2,
  /** a = min, b = max */
  clip: 3,
  /** input limited to +-88.376 as in ncnn */
  sigmoid: 4,
  mish: 5,
  /** a = alpha, b = beta */
  hardSwish: 6,
  /** a = alpha, b = beta */
  hardSigmoid: 7,
  tanh: 8,
  gelu: 9,
  /** the tanh form of GELU (`fast_gelu`) */
  fastGelu: 10,
  swish: 11,
  /** a = alpha */
  elu: 12,
  /** a = alpha, b = lambda */
  selu: 13,
  /** a = alpha */
  celu: 14,
  softplus: 15,
  bnll: 16,
  erf: 17,
  /** a = bias, b = lambd */
  shrink: 18,
  /** a = threshold: 1 above it, else 0 */
  threshold: 19,
} as const

/** Operations of `unary`: the `op_type` of ncnn's UnaryOp. */
export const UnaryOp = {
  abs: 0,
  neg: 1,
  floor: 2,
  ceil: 3,
  square: 4,
  sqrt: 5,
  rsqrt: 6,
  exp: 7,
  log: 8,
  sin: 9,
  cos: 10,
  tan: 11,
  asin: 12,
  acos: 13,
  atan: 14,
  reciprocal: 15,
  tanh: 16,
  log10: 17,
  round: 18,
  trunc: 19,
  sign: 20,
  expm1: 21,
  sinh: 22,
  asinh: 23,
  cosh: 24,
  acosh: 25,
  atanh: 26,
  log1p: 27,
} as const

/** Operations of `binary`: the `op_type` of ncnn's BinaryOp (`r...`: operands exchanged). */
export const BinaryOp = {
  add: 0,
  sub: 1,
  mul: 2,
  div: 3,
  max: 4,
  min: 5,
  pow: 6,
  rsub: 7,
  rdiv: 8,
  rpow: 9,
  atan2: 10,
  ratan2: 11,
  fmod: 12,
  rfmod: 13,
  logaddexp: 14,
  floorDivide: 15,
  rfloorDivide: 16,
  remainder: 17,
  rremainder: 18,
} as const

/** Operations of `reduce`, numbered as ncnn's Reduction; `mean` and the norms are made from these by the caller. */
export const ReduceOp = {
  sum: 0,
  /** sum of absolute values */
  asum: 1,
  sumsq: 2,
  max: 4,
  min: 5,
  prod: 6,
  /** sum of exp(x) */
  sumexp: 10,
} as const

/** Pooling methods, numbered as ncnn's `pooling_type`. */
export const PoolType = { max: 0, average: 1 } as const

/**
 * The module's exports. Pointers are byte offsets, sizes and strides count elements (float32 unless said), booleans are 0 or 1.
 * Arrays are dense and row-major; an optional pointer is 0 when absent.
 *
 * Sums of products (GEMM, convolution, depthwise, recurrent) start at the initial value and add the products one by one in the
 * order of k, rounding to float32 each time: the same bits as the textbook loop, whatever the shape, tiling and alignment.
 */
export interface NcnnKernels {
  /**
   * Packs a left matrix A[m,k] (A[i][p] = source[i*rowStride + p*depthStride]) into panels of 4 rows for {@link gemmLeft}.
   * `packed` needs {@link packedLeftBytes} bytes.
   */
  packLeft(
    source: Pointer,
    weightType: number,
    rowStride: number,
    depthStride: number,
    m: number,
    k: number,
    packed: Pointer,
  ): void
  /**
   * Packs a right matrix B[k,n] (B[p][j] = source[p*depthStride + j*columnStride]) into panels of 8 columns for {@link gemmRight}.
   * The weights of a linear layer, [n][k] row-major, are `depthStride` 1, `columnStride` k. `packed` needs {@link packedRightBytes} bytes.
   */
  packRight(
    source: Pointer,
    weightType: number,
    depthStride: number,
    columnStride: number,
    k: number,
    n: number,
    packed: Pointer,
  ): void
  /**
   * C[m,n] = activation(initial + A*B) with A packed by {@link packLeft}, B[p][j] = b[p*depthStride + j*columnStride], C's rows `ldc` apart.
   * `initial` is one of {@link Initial}; `bias` its values or 0. `scratch`: {@link gemmScratchBytes}. C must not overlap B.
   */
  gemmLeft(
    packedA: Pointer,
    b: Pointer,
    depthStride: number,
    columnStride: number,
    c: Pointer,
    ldc: number,
    m: number,
    n: number,
    k: number,
    initial: number,
    bias: Pointer,
    activation: number,
    activationA: number,
    activationB: number,
    scratch: Pointer,
  ): void
  /**
   * C[m,n] = activation(initial + A*B) with B packed by {@link packRight}, A[i][p] = a[i*rowStride + p*depthStride], C's rows `ldc` apart.
   * Serves InnerProduct (m rows of features; m = 1 is a bandwidth-bound matrix-vector product). `scratch`: {@link gemmScratchBytes}.
   */
  gemmRight(
    a: Pointer,
    rowStride: number,
    depthStride: number,
    packedB: Pointer,
    c: Pointer,
    ldc: number,
    m: number,
    n: number,
    k: number,
    initial: number,
    bias: Pointer,
    activation: number,
    activationA: number,
    activationB: number,
    scratch: Pointer,
  ): void
  /**
   * C[m,n] = initial + A*B with neither side packed: A[i][p] = a[i*aRowStride + p*aDepthStride], B[p][j] = b[p*bDepthStride + j*bColumnStride],
   * so transposed operands are a matter of strides. `scratch`: {@link gemmScratchBytes}.
   */
  gemm(
    a: Pointer,
    aRowStride: number,
    aDepthStride: number,
    b: Pointer,
    bDepthStride: number,
    bColumnStride: number,
    c: Pointer,
    ldc: number,
    m: number,
    n: number,
    k: number,
    initial: number,
    bias: Pointer,
    scratch: Pointer,
  ): void

  /**
   * One group of a 2-D convolution (1-D: height 1, `kernelH` 1): input [inch][h][w], output [outch][outH][outW],
   * weights [outch][inch][kernelH][kernelW] packed by `packLeft(weights, type, inch*kernelH*kernelW, 1, outch, inch*kernelH*kernelW, packed)`.
   * Output (y, x) reads input (y*strideH - padTop + ky*dilationH, x*strideW - padLeft + kx*dilationW), and `padValue` outside the input;
   * padding at the bottom and right follows from outH and outW. `bias`: outch values or 0. `scratch`: {@link gemmScratchBytes}.
   */
  convolution(
    input: Pointer,
    inch: number,
    h: number,
    w: number,
    packedWeights: Pointer,
    bias: Pointer,
    output: Pointer,
    outch: number,
    outH: number,
    outW: number,
    kernelH: number,
    kernelW: number,
    strideH: number,
    strideW: number,
    dilationH: number,
    dilationW: number,
    padTop: number,
    padLeft: number,
    padValue: number,
    activation: number,
    activationA: number,
    activationB: number,
    scratch: Pointer,
  ): void
  /**
   * Depthwise 2-D convolution (group = channels = outputs; 1-D: height 1): input [channels][h][w], weights [channels][kernelH][kernelW]
   * as they are (float32), otherwise as {@link convolution}. `scratch`: {@link depthwiseScratchBytes}.
   */
  depthwise(
    input: Pointer,
    channels: number,
    h: number,
    w: number,
    weights: Pointer,
    bias: Pointer,
    output: Pointer,
    outH: number,
    outW: number,
    kernelH: number,
    kernelW: number,
    strideH: number,
    strideW: number,
    dilationH: number,
    dilationW: number,
    padTop: number,
    padLeft: number,
    padValue: number,
    activation: number,
    activationA: number,
    activationB: number,
    scratch: Pointer,
  ): void
  /** Bytes of scratch memory that {@link depthwise} needs. */
  depthwiseScratchBytes(
    outW: number,
    kernelH: number,
    kernelW: number,
    strideH: number,
    strideW: number,
    dilationH: number,
    dilationW: number,
  ): number

  /**
   * transformed [{@link winogradPlaces}][count] from `count` filters [3][3] of float32, for {@link winogradConvolution}: computed in
   * float64, rounded once.
   */
  winogradFilters(size: WinogradSize, filters: Pointer, count: number, transformed: Pointer): void
  /**
   * One group of a 3x3 convolution of stride and dilation 1 by Winograd's algorithm: otherwise as {@link convolution}, but sums are taken
   * in another order and of other products. `packedFilters`: for each place, one after the other, the transformed filters [outch][inch]
   * through {@link packLeft}. `scratch`: {@link winogradScratchBytes}.
   */
  winogradConvolution(
    size: WinogradSize,
    input: Pointer,
    inch: number,
    h: number,
    w: number,
    packedFilters: Pointer,
    bias: Pointer,
    output: Pointer,
    outch: number,
    outH: number,
    outW: number,
    padTop: number,
    padLeft: number,
    padValue: number,
    activation: number,
    activationA: number,
    activationB: number,
    scratch: Pointer,
  ): void
  /** {@link winogradConvolution} of `rowCount` rows of tiles from `firstRow` on. */
  winogradRows(
    size: WinogradSize,
    input: Pointer,
    inch: number,
    h: number,
    w: number,
    packedFilters: Pointer,
    bias: Pointer,
    output: Pointer,
    outch: number,
    outH: number,
    outW: number,
    padTop: number,
    padLeft: number,
    padValue: number,
    activation: number,
    activationA: number,
    activationB: number,
    firstRow: number,
    rowCount: number,
    scratch: Pointer,
  ): void
  /** Bytes of scratch memory that {@link winogradConvolution} needs. */
  winogradScratchBytes(size: WinogradSize, inch: number, outch: number, outH: number, outW: number): number

  /** output[i] = op(input[i]), `op` one of {@link UnaryOp}; may run in place. Functions are accurate to 1 ulp. */
  unary(op: number, input: Pointer, output: Pointer, n: number): void
  /** output[i] = activation(input[i]), `activation` one of {@link Activation}; may run in place. */
  activate(
    activation: number,
    input: Pointer,
    output: Pointer,
    n: number,
    activationA: number,
    activationB: number,
  ): void
  /** x < 0 becomes x * slopes[o], in place, over data[outer][inner] with one slope per outer index. */
  prelu(data: Pointer, slopes: Pointer, outer: number, inner: number): void
  /** output[o][i] = input[o][i] * scale[o] + bias[o] (`bias` may be 0); may run in place. */
  scaleBias(input: Pointer, output: Pointer, scale: Pointer, bias: Pointer, outer: number, inner: number): void
  /**
   * output[i0][i1][i2][i3] = op(a, b) over a dense output of n0*n1*n2*n3, `op` one of {@link BinaryOp}. Each operand has a stride for each
   * axis: 0 where it is broadcast. The last axis' strides `a3` and `b3` are 1 or 0. Output may be an operand that has its full shape.
   */
  binary(
    op: number,
    a: Pointer,
    a0: number,
    a1: number,
    a2: number,
    a3: number,
    b: Pointer,
    b0: number,
    b1: number,
    b2: number,
    b3: number,
    output: Pointer,
    n0: number,
    n1: number,
    n2: number,
    n3: number,
  ): void
  /** output[i] += input[i] * coefficient (Eltwise with coefficients; `coefficient` 1 adds exactly). */
  addScaled(input: Pointer, coefficient: number, output: Pointer, n: number): void

  /** Softmax along the middle axis of [outer][length][inner]; may run in place. */
  softmax(input: Pointer, output: Pointer, outer: number, length: number, inner: number): void
  /** (x - mean) / sqrt(variance + eps) * gamma + beta for each row of [rows][n]; `gamma` and `beta` [n], both or none; may run in place. */
  layerNorm(input: Pointer, output: Pointer, rows: number, n: number, gamma: Pointer, beta: Pointer, eps: number): void
  /** x / sqrt(mean(x*x) + eps) * gamma for each row of [rows][n]; `gamma` [n] or 0; may run in place. */
  rmsNorm(input: Pointer, output: Pointer, rows: number, n: number, gamma: Pointer, eps: number): void
  /**
   * As {@link layerNorm} over each group of [groups][channels][n] together, with `gamma` and `beta` [groups*channels] per channel, both or none.
   * `channels` 1 is InstanceNorm. May run in place.
   */
  groupNorm(
    input: Pointer,
    output: Pointer,
    groups: number,
    channels: number,
    n: number,
    gamma: Pointer,
    beta: Pointer,
    eps: number,
  ): void
  /**
   * output = input / |vector| * scale for `vectors` vectors of [channels][n] floats, in float64, rounded once. `mode`, what keeps the
   * length from 0: 0 adds `eps` to the sum of squares, 1 limits the length to at least `eps`, 2 the sum of squares. `scale` has a value for
   * each channel of each vector, `scaleStep` floats apart. May run in place.
   */
  normalizeChannels(
    input: Pointer,
    output: Pointer,
    vectors: number,
    channels: number,
    n: number,
    eps: number,
    mode: number,
    scale: Pointer,
    scaleStep: number,
  ): void
  /** As {@link normalizeChannels}, the channels at each of the n positions of [channels][n] being a vector. */
  normalizePositions(
    input: Pointer,
    output: Pointer,
    channels: number,
    n: number,
    eps: number,
    mode: number,
    scale: Pointer,
    scaleStep: number,
  ): void
  /** (x - mean) / (sqrt(variance) + eps), or x - mean unless `divides`, for each row of [rows][n], in float64; may run in place. */
  standardize(input: Pointer, output: Pointer, rows: number, n: number, divides: number, eps: number): void
  /**
   * output[k][i] = offset + factor * (sum of the squares of input[k - before .. k + after][i], as far as there are any), in float64, for
   * [length][inner]. Not in place.
   */
  squareWindows(
    input: Pointer,
    output: Pointer,
    length: number,
    inner: number,
    before: number,
    after: number,
    factor: number,
    offset: number,
  ): void
  /** Running sums along the middle axis of [outer][length][inner]; may run in place. */
  cumulativeSum(input: Pointer, output: Pointer, outer: number, length: number, inner: number): void
  /**
   * Turns pairs of features of [heads][steps][width] by the angles of tables [steps][tableWidth]: x1 cos - x2 sin and x1 sin + x2 cos, in
   * float64. The two of a pair are half the width apart, or neighbours if `interleaved`.
   */
  rotate(
    input: Pointer,
    cosines: Pointer,
    sines: Pointer,
    output: Pointer,
    heads: number,
    steps: number,
    width: number,
    tableWidth: number,
    interleaved: number,
  ): void
  /**
   * Reduces the middle axis of [outer][length][inner] to output [outer][inner], times `coefficient`; `op` one of {@link ReduceOp}.
   * Sums are taken in float64 and rounded once.
   */
  reduce(
    op: number,
    input: Pointer,
    output: Pointer,
    outer: number,
    length: number,
    inner: number,
    coefficient: number,
  ): void

  /**
   * Pooling over windows of input [channels][h][w]; positions outside the input never win a maximum. `type` one of {@link PoolType};
   * `countIncludePad` divides an average by the whole window instead of by the positions inside the input.
   */
  pool(
    type: number,
    input: Pointer,
    channels: number,
    h: number,
    w: number,
    output: Pointer,
    outH: number,
    outW: number,
    kernelH: number,
    kernelW: number,
    strideH: number,
    strideW: number,
    padTop: number,
    padLeft: number,
    countIncludePad: number,
  ): void
  /** Adaptive pooling of [channels][h][w] to [channels][outH][outW]: window i covers floor(i*h/outH) to ceil((i+1)*h/outH). */
  adaptivePool(
    type: number,
    input: Pointer,
    channels: number,
    h: number,
    w: number,
    output: Pointer,
    outH: number,
    outW: number,
  ): void

  /**
   * The second half of a deconvolution: adds to target [channels][outD][outH][outW] what images of d x h x w spread under a kernel. Element
   * (z, y, x) of tap (kz, ky, kx) is added at (z*strideD + kz*dilationD - front, ...) if that lies inside. Each channel and tap has an image
   * of its own, `channelStride` and `tapStride` apart, of which there are the rows from `firstRow` on, counted through all planes; an image may
   * serve several, weighed with `weights` [channels][taps], which is 0 if there are none. Taps are added one by one in their order. `scratch`:
   * {@link spreadScratchBytes}.
   */
  spread(
    source: Pointer,
    channels: number,
    channelStride: number,
    tapStride: number,
    weights: Pointer,
    d: number,
    h: number,
    w: number,
    firstRow: number,
    rowCount: number,
    target: Pointer,
    outD: number,
    outH: number,
    outW: number,
    kernelD: number,
    kernelH: number,
    kernelW: number,
    strideD: number,
    strideH: number,
    strideW: number,
    dilationD: number,
    dilationH: number,
    dilationW: number,
    front: number,
    top: number,
    left: number,
    scratch: Pointer,
  ): void
  /** Bytes of scratch memory that {@link spread} needs. */
  spreadScratchBytes(outW: number, kernelW: number, strideW: number): number

  /**
   * Resizes [channels][h][w] to [channels][outH][outW]. Element (y, x) of the result is made of `countH` rows from firstH[y] on and of
   * `countW` columns from firstW[x] on (int32), weighed with weightH[k][y] and weightW[k][x]: sums along w are taken first. A count is 1,
   * with weight 1, up to 4; what `first` says must not decrease. `scratch`: {@link resizeScratchBytes}.
   */
  resize(
    input: Pointer,
    channels: number,
    h: number,
    w: number,
    output: Pointer,
    outH: number,
    outW: number,
    countH: number,
    firstH: Pointer,
    weightH: Pointer,
    countW: number,
    firstW: Pointer,
    weightW: Pointer,
    scratch: Pointer,
  ): void
  /** Bytes of scratch memory that {@link resize} needs. */
  resizeScratchBytes(outW: number): number

  /**
   * Reads an image [channels][h][w] (`axes` 2, d 1) or volume [channels][d][h][w] (`axes` 3) at n points: output [channels][n]. Coordinate x
   * of point i, from -1 to 1 across the image, is grid[i*pointStride], y and z are `axisStride` behind each other. `sampleType`, `paddingMode`
   * and `alignCorner` are ncnn's; of volumes there is no bicubic sampling. `scratch`: {@link gridSampleScratchBytes}.
   */
  gridSample(
    sampleType: number,
    axes: number,
    input: Pointer,
    channels: number,
    d: number,
    h: number,
    w: number,
    grid: Pointer,
    axisStride: number,
    pointStride: number,
    output: Pointer,
    n: number,
    paddingMode: number,
    alignCorner: number,
    scratch: Pointer,
  ): void
  /** Bytes of scratch memory that {@link gridSample} needs. */
  gridSampleScratchBytes(): number
  /**
   * What the displaced taps of a deformable convolution read, by linear interpolation: columns [channels][taps][outH][outW] from input
   * [channels][h][w], offset [taps][(y, x)][outH][outW] and mask [taps][outH][outW] or 0. `scratch`: {@link bilinearScratchBytes}.
   */
  deformedColumns(
    input: Pointer,
    channels: number,
    h: number,
    w: number,
    offset: Pointer,
    mask: Pointer,
    columns: Pointer,
    outH: number,
    outW: number,
    kernelH: number,
    kernelW: number,
    strideH: number,
    strideW: number,
    dilationH: number,
    dilationW: number,
    padTop: number,
    padLeft: number,
    scratch: Pointer,
  ): void
  /** Bytes of scratch memory that {@link deformedColumns} needs. */
  bilinearScratchBytes(): number

  /**
   * One direction of an LSTM over T steps. `gates` [T][4*hiddenSize] holds bias + W_x * x_t in ncnn's order I, F, O, G (one {@link gemmRight}
   * over all steps); `packedHidden` is W_h [4*hiddenSize][numOutput] through {@link packRight} (k = numOutput, n = 4*hiddenSize); `packedProjection`
   * is W_hr [numOutput][hiddenSize] likewise (k = hiddenSize, n = numOutput), or 0 when numOutput equals hiddenSize. `hidden` [numOutput] and
   * `cell` [hiddenSize] are read and updated. Step t writes output + t*outputStride; `reverse` walks from the last step to the first.
   * `scratch`: {@link recurrentScratchBytes}.
   */
  lstm(
    gates: Pointer,
    packedHidden: Pointer,
    packedProjection: Pointer,
    hidden: Pointer,
    cell: Pointer,
    output: Pointer,
    outputStride: number,
    steps: number,
    numOutput: number,
    hiddenSize: number,
    reverse: number,
    scratch: Pointer,
  ): void
  /**
   * One direction of a GRU. `gates` [T][3*numOutput] = bias + W_x * x_t in ncnn's order R, U, N (N with the bias WN); `packedHidden` is
   * W_h [3*numOutput][numOutput] through {@link packRight}; `hiddenBias` [numOutput] is the bias BN that is added before the reset gate multiplies.
   */
  gru(
    gates: Pointer,
    packedHidden: Pointer,
    hiddenBias: Pointer,
    hidden: Pointer,
    output: Pointer,
    outputStride: number,
    steps: number,
    numOutput: number,
    reverse: number,
    scratch: Pointer,
  ): void
  /** One direction of an RNN (tanh). `gates` [T][numOutput] = bias + W_x * x_t; `packedHidden` is W_h [numOutput][numOutput] through {@link packRight}. */
  rnn(
    gates: Pointer,
    packedHidden: Pointer,
    hidden: Pointer,
    output: Pointer,
    outputStride: number,
    steps: number,
    numOutput: number,
    reverse: number,
    scratch: Pointer,
  ): void

  /** float16 bits to float32, exactly. */
  halfToFloat(source: Pointer, destination: Pointer, n: number): void
  /** float32 to float16 bits, to nearest, ties to even. */
  floatToHalf(source: Pointer, destination: Pointer, n: number): void
  /**
   * float32 to float16 bits as ncnn's plain Cast makes them: the mantissa is cut, what is below the least normal number becomes zero, what
   * is above the greatest infinity.
   */
  cutToHalf(source: Pointer, destination: Pointer, n: number): void
  /** The upper 16 bits of each float32. */
  cutToBfloat16(source: Pointer, destination: Pointer, n: number): void
  /** Rounds float32 to the nearest float16 value (ties to even, overflow to infinity) in place. */
  roundToHalf(data: Pointer, n: number): void
  /** Rounds float32 to the nearest bfloat16 value (ties to even) in place. */
  roundToBfloat16(data: Pointer, n: number): void
  /** Cuts float32 to its upper 16 bits in place: what ncnn's plain bf16 storage does. */
  truncateToBfloat16(data: Pointer, n: number): void
  /** bfloat16 bits to float32, exactly. */
  bfloat16ToFloat(source: Pointer, destination: Pointer, n: number): void

  /** destination[i] = source[i] * scale, rounded to the nearest integer of -127..127, halves away from zero, NaN to 0; stays float32. */
  quantize(source: Pointer, scale: number, destination: Pointer, n: number): void
  /** {@link NcnnKernels.quantize} into signed bytes. */
  quantizeToBytes(source: Pointer, scale: number, destination: Pointer, n: number): void
  /** The largest magnitude of n floats: 0 if there are none, NaN if one is. */
  largestMagnitude(source: Pointer, n: number): number
  /** destination[i] = source[i] for signed bytes. */
  bytesToFloat(source: Pointer, destination: Pointer, n: number): void
  /**
   * The part of an image [channels][h][w] that a convolution reads, as signed bytes [channels][windowH][windowW]: its position (y, x) is
   * (y - top, x - left) of the image, or the byte `pad` outside. Floats are {@link NcnnKernels.quantizeToBytes quantised} by `scale`, bytes copied.
   */
  int8Window(
    source: Pointer,
    isFloat: number,
    scale: number,
    channels: number,
    h: number,
    w: number,
    window: Pointer,
    windowH: number,
    windowW: number,
    top: number,
    left: number,
    pad: number,
  ): void
  /**
   * What {@link int8Convolution} does to sums, for sums [channels][n] that are floats; `sums` equal to `output` gives floats, else bytes.
   */
  int8Finish(
    sums: Pointer,
    channels: number,
    n: number,
    scales: Pointer,
    bias: Pointer,
    activation: number,
    activationA: number,
    activationB: number,
    outputScale: number,
    output: Pointer,
  ): void
  /** Packs int8 filters [outch][inch][taps] for {@link int8Convolution}. `packed` needs {@link packedInt8FilterBytes}. */
  packInt8Filters(source: Pointer, outch: number, inch: number, taps: number, packed: Pointer): void
  /**
   * One group of a 2-D convolution of a byte image [inch][h][w] that holds its padding: output (y, x) reads input (y*strideH + ky*dilationH,
   * x*strideW + kx*dilationW). Sums are int32 and wrap. output = activation(sum * scales[p] + bias[p]), each step rounded to float32, for the
   * activations none, relu, leakyRelu and clip. With `sums` equal to `output` that is the result; else `sums` is memory for
   * outch*outH*outW int32, and the result is times `outputScale` in signed bytes. `scratch`: {@link gemmScratchBytes}.
   */
  int8Convolution(
    input: Pointer,
    inch: number,
    h: number,
    w: number,
    packedFilters: Pointer,
    sums: Pointer,
    outch: number,
    outH: number,
    outW: number,
    kernelH: number,
    kernelW: number,
    strideH: number,
    strideW: number,
    dilationH: number,
    dilationW: number,
    scales: Pointer,
    bias: Pointer,
    activation: number,
    activationA: number,
    activationB: number,
    outputScale: number,
    output: Pointer,
    scratch: Pointer,
  ): void
  /** Packs the transpose B[k,n] of int8 weights [n][k] for {@link int8Gemm}. `packed` needs {@link packedInt8RightBytes} bytes. */
  packInt8Right(source: Pointer, k: number, n: number, packed: Pointer): void
  /**
   * C[m,n] = A*B in int32, which wraps, for signed bytes A [m][k] and B packed by {@link packInt8Right}, C's rows `ldc` apart.
   * `scratch`: {@link gemmScratchBytes}.
   */
  int8Gemm(
    a: Pointer,
    packedB: Pointer,
    c: Pointer,
    ldc: number,
    m: number,
    n: number,
    k: number,
    scratch: Pointer,
  ): void

  /**
   * output[i][j] = alpha * (sums[i][j] * factor + beta * addends[i, j]) for int32 sums [rows][n], in float64 and rounded once;
   * factor = 1 / (rowScales[i] * columnScales[j]), both steps rounded to float32. Strides of scales and addends are 0 where one is for
   * all; the columns' are 1 else. `addends` may be 0.
   */
  int8Scale(
    sums: Pointer,
    rows: number,
    n: number,
    rowScales: Pointer,
    rowScaleStride: number,
    columnScales: Pointer,
    columnScaleStride: number,
    addends: Pointer,
    addendRowStride: number,
    addendColumnStride: number,
    beta: number,
    alpha: number,
    output: Pointer,
    outputStride: number,
  ): void

  /** Sets n floats. */
  fill(destination: Pointer, n: number, value: number): void
  /**
   * destination[i . d] = source[i . s] for every index i of [n0][n1][n2][n3], elements of 4 bytes; a stride may be 0 or negative. Not in
   * place.
   */
  copyStrided(
    source: Pointer,
    s0: number,
    s1: number,
    s2: number,
    s3: number,
    destination: Pointer,
    d0: number,
    d1: number,
    d2: number,
    d3: number,
    n0: number,
    n1: number,
    n2: number,
    n3: number,
  ): void
  /** destination[b][j][i] = source[b][i][j] for source [batch][rows][columns]; not in place. */
  transpose(source: Pointer, destination: Pointer, batch: number, rows: number, columns: number): void
  /** The bytes of constant tables at the beginning of the memory, less than {@link firstFreeByte}. */
  staticBytes(): number
}

/** Bytes of a left matrix [m,k] after {@link NcnnKernels.packLeft}. */
export function packedLeftBytes(m: number, k: number): number {
  return Math.ceil(m / 4) * 4 * k * 4
}

/** Bytes of a right matrix [k,n] after {@link NcnnKernels.packRight}: panels of 8 columns, the last one 8, 4 or 1 wide. */
export function packedRightBytes(k: number, n: number): number {
  const rest = n % 8
  const padded = n - rest + (rest > 4 ? 8 : rest > 1 ? 4 : rest)
  return padded * k * 4
}

/** Bytes of int8 filters [outch][inch][taps] after {@link NcnnKernels.packInt8Filters}: int16 in pairs, of taps in an odd last channel. */
export function packedInt8FilterBytes(outch: number, inch: number, taps: number): number {
  const pairs = Math.floor(inch / 2) * taps + (inch % 2) * Math.ceil(taps / 2)
  return Math.ceil(outch / 4) * 4 * pairs * 4
}

/** Bytes of a right matrix [k,n] after {@link NcnnKernels.packInt8Right}: int16, panels of 8 columns, a last single one alone. */
export function packedInt8RightBytes(k: number, n: number): number {
  const columns = n % 8 === 1 ? n : Math.ceil(n / 8) * 8
  return columns * Math.ceil(k / 2) * 4
}

/** Bytes of scratch memory for `lstm` (gates 4, hidden size), `gru` (gates 3, outputs) and `rnn` (gates 1, outputs). */
export function recurrentScratchBytes(gates: number, hiddenSize: number): number {
  return gemmScratchBytes + (gates + 1) * (hiddenSize + 16) * 4
}

/** Which form of the kernels. */
export interface NcnnModuleKind {
  /** For a shared memory; the code is the same. */
  readonly shared: boolean
  /** Sums of products round once per product where the processor can: faster, and not the same bits everywhere. */
  readonly relaxed: boolean
}

const modules = new Map<string, WebAssembly.Module>()

function moduleOnce(key: string, compile: () => WebAssembly.Module): WebAssembly.Module {
  const module = modules.get(key) ?? compile()
  modules.set(key, module)
  return module
}

const plainModule = (): WebAssembly.Module => moduleOnce('plain', () => compileKernels(wasmBase64))

/**
 * The kernels as a module, compiled on first use.
 * @throws WebAssembly.CompileError when `relaxed` in runtimes without relaxed SIMD
 */
export async function ncnnModule({ shared, relaxed }: NcnnModuleKind): Promise<WebAssembly.Module> {
  if (!shared && !relaxed) return plainModule()
  const text = relaxed ? (await import('./generated/ncnn-relaxed.ts')).wasmBase64 : wasmBase64
  return shared
    ? moduleOnce(relaxed ? 'shared, relaxed' : 'shared', () => compileSharedKernels(text))
    : moduleOnce('relaxed', () => compileKernels(text))
}

/** Most 64 KiB pages of a memory that the kernels are instantiated over: it must be created with this maximum. */
export const maxPages = 65536

/** Instantiates the kernels over `memory`, whose first {@link firstFreeByte} bytes are theirs; by default in their plain form. */
export function createNcnnKernels(memory: WebAssembly.Memory, module = plainModule()): NcnnKernels {
  return instantiateKernels<NcnnKernels>(module, memory)
}
