// What processors with half-precision arithmetic compute, simulated in float32: all numbers are such that float16 holds.
import { kernel, measure } from './definition.ts'
import { gemmScratchBytes } from './gemm.ts'
import { image, window } from './geometry.ts'

/** Bytes of scratch memory for `halfLstm`, `halfGru` and `halfRnn`. */
export function halfRecurrentScratchBytes(numOutput: number, hiddenSize: number): number {
  return gemmScratchBytes + 4 * (numOutput + hiddenSize + 16) + 16 * (hiddenSize + 8)
}

/** Bytes of scratch memory for `halfMatrix`. */
export const halfMatrixScratchBytes = (chains: number, n: number, k: number): number =>
  16 * chains * Math.min(n + 7, 1024) + 4 * (k + n) + 64

/** Bytes of scratch memory for `halfDeconvolution`. */
export const halfDeconvolutionScratchBytes = (taps: number, inputs: number): number => 32 * (taps * (inputs + 1) + 4)

/** Functions of {@link halfKernels.halfFunction}. */
export const HalfFunction = {
  exp: 0,
  sigmoid: 1,
  tanh: 2,
  swish: 3,
  mish: 4,
  /** a = alpha, b = beta */
  hardSigmoid: 5,
  /** a = alpha, b = beta */
  hardSwish: 6,
  gelu: 7,
  fastGelu: 8,
  /** a = alpha */
  elu: 9,
  /** a = alpha, b = lambda */
  selu: 10,
  erf: 11,
} as const

/**
 * Sums are divided into `chains` (1, 2, 4 or 8), which are added up at the end: by pairs, or eight in the order that the compiler of ncnn's
 * wheel has made of that. `order` lists the terms of each chain, one chain after the other, as depths (uint32), and `ends` where each chain
 * ends in that list.
 */
export const halfKernels = {
  /**
   * One group of a 2-D convolution, every addition rounded to float16: otherwise as `convolution`. `packedWeights` is [outch][terms]
   * through `packLeft`, terms in the order of `order`, whose depths are channel x taps + tap. `scratch`: {@link halfConvolutionScratchBytes}.
   */
  halfConvolution: kernel(
    [
      'input',
      'inch',
      'h',
      'w',
      'packedWeights',
      'order',
      'ends',
      'chains',
      'bias',
      'output',
      'outch',
      'outH',
      'outW',
      ...window,
      'padTop',
      'padLeft',
      'padValue',
      'scratch',
    ],
    { bias: 0 },
  ),
  /** Bytes of scratch memory that {@link halfConvolution} needs, for k = channels x taps. */
  halfConvolutionScratchBytes: measure(['k']),
  /**
   * Depthwise 2-D convolution, every addition rounded to float16, in one chain: otherwise as `depthwise`. In column `slipped` of the
   * outputs the last taps of the second and third row of a 3x3 filter read what that of the first reads; -1 for none.
   */
  halfDepthwise: kernel(
    [
      ...image,
      'weights',
      'bias',
      'output',
      'outH',
      'outW',
      ...window,
      'padTop',
      'padLeft',
      'padValue',
      'slipped',
      'scratch',
    ],
    { bias: 0, slipped: -1 },
  ),
  /** Bytes of scratch memory that {@link halfDepthwise} needs. */
  halfDepthwiseScratchBytes: measure(['outH', 'outW', ...window]),
  /**
   * A 3x3 convolution of stride and dilation 1 by Winograd's algorithm in tiles of `size` 2, 4 or 6 outputs a side, every step rounded to
   * float16: otherwise as {@link halfConvolution}. `packedFilters`: for each place of a tile, one after the other, the transformed filters
   * [outch][inch] through `packLeft`; `order` and `ends` are those of one chain of inch terms. `scratch`: {@link halfWinogradScratchBytes}.
   */
  halfWinograd: kernel(
    [
      'size',
      'input',
      'inch',
      'h',
      'w',
      'packedFilters',
      'order',
      'ends',
      'bias',
      'output',
      'outch',
      'outH',
      'outW',
      'padTop',
      'padLeft',
      'padValue',
      'scratch',
    ],
    { bias: 0 },
  ),
  /** Bytes of scratch memory that {@link halfWinograd} needs. */
  halfWinogradScratchBytes: measure(['size', 'inch', 'outW']),
  /**
   * Deconvolution of planes [inputs][h][w] by weights [inputs][channels][taps], onto channels of `target` that hold their bias everywhere, every
   * product added with one rounding to float16: through blocks of `block` inputs from the last tap on. `scratch`: {@link halfDeconvolutionScratchBytes}.
   */
  halfDeconvolution: kernel([
    'source',
    'inputs',
    'block',
    'h',
    'w',
    'weights',
    'channels',
    'target',
    'outH',
    'outW',
    ...window,
    'top',
    'left',
    'scratch',
  ]),
  /**
   * As `spread`, of planes, every addition rounded to float16; with `weights` [channels][taps] the last tap comes first. `scratch`: as `spread` needs it.
   */
  halfSpread: kernel(
    [
      'source',
      'channels',
      'channelStride',
      'tapStride',
      'weights',
      'h',
      'w',
      'target',
      'outH',
      'outW',
      ...window,
      'top',
      'left',
      'scratch',
    ],
    { weights: 0 },
  ),
  /**
   * The chains of A B, sums [m][chains][n rounded up to 8]: rows a of A `rowStride` apart; `packedB` [k][n] through
   * `packRight`, `whole`. `accumulate` continues what `sums` holds, otherwise they begin at 0.
   */
  halfProduct: kernel(['a', 'rowStride', 'packedB', 'order', 'ends', 'chains', 'sums', 'm', 'n', 'k', 'accumulate']),
  /**
   * C = A B: operands as in {@link halfProduct}, sums begin at `bias` (one for each column), or at what C holds (`accumulate`), or at 0, and are added up;
   * C's rows are `ldc` apart. Without `order` all terms make one chain. `lastApart`, for an odd number of rows and one chain: the sums of the last
   * row run in eight or four chains by their place, as in ncnn's Gemm. `scratch`: {@link halfMatrixScratchBytes}.
   */
  halfMatrix: kernel(
    [
      'a',
      'rowStride',
      'packedB',
      'order',
      'ends',
      'chains',
      'bias',
      'c',
      'ldc',
      'm',
      'n',
      'k',
      'accumulate',
      'lastApart',
      'scratch',
    ],
    { order: 0, ends: 0, chains: 1, bias: 0, accumulate: 0, lastApart: 0 },
  ),
  /**
   * One direction of an LSTM: otherwise as `lstm`. `sums` [T][4 chains][4*columns] holds bias + W_x * x_t, unjoined, `columns` being the
   * hidden size rounded up to 8; `packedHidden` is W_h through `packRight`, each gate filled up to as many rows with zeros. `scratch`:
   * {@link halfRecurrentScratchBytes}.
   */
  halfLstm: kernel(
    [
      'sums',
      'packedHidden',
      'order',
      'ends',
      'packedProjection',
      'hidden',
      'cell',
      'output',
      'outputStride',
      'steps',
      'numOutput',
      'hiddenSize',
      'columns',
      'reverse',
      'scratch',
    ],
    { packedProjection: 0 },
  ),
  /**
   * One direction of a GRU: otherwise as {@link halfLstm}. `sums` holds W_x * x_t with the biases for R and U, and for N the hidden state's bias
   * alone: the input's part of N is computed step by step, from `packedInput`, rows N of W_x, and `newBias`.
   */
  halfGru: kernel([
    'sums',
    'input',
    'features',
    'packedInput',
    'inputOrder',
    'inputEnds',
    'packedHidden',
    'order',
    'ends',
    'newBias',
    'hidden',
    'output',
    'outputStride',
    'steps',
    'numOutput',
    'columns',
    'reverse',
    'scratch',
  ]),
  /** One direction of an RNN (tanh): otherwise as {@link halfLstm}. */
  halfRnn: kernel([
    'sums',
    'packedHidden',
    'order',
    'ends',
    'hidden',
    'output',
    'outputStride',
    'steps',
    'numOutput',
    'columns',
    'reverse',
    'scratch',
  ]),
  /**
   * Softmax along the middle axis of [outer][length][inner], in place, as of elements stored in 16 bits: in float16 (`inHalf`) every step is
   * rounded, otherwise the exponentials to bfloat16. How halves are added up: `lanes` is 0 for elements in blocks of `block`, each added up
   * by pairs; for `inner` 1 it may be 1, 2 or 8: so many sums of neighbours in turn.
   * `single`: of what is left beside whole vectors of neighbours, halves take e^x from float32.
   */
  storedSoftmax: kernel(['data', 'outer', 'length', 'inner', 'block', 'lanes', 'inHalf', 'single'], { single: 0 }),
  /**
   * Mean and variance of each of [channels][n], in float32, every addition rounded: of channels `inBlocks` of four side by side, one sum each,
   * times 1 / n; of others four sums, which take elements in turn, divided by n.
   */
  halfMoments: kernel(['input', 'channels', 'n', 'inBlocks', 'means', 'variances']),
  /**
   * output = f(input) by ncnn's polynomials in float16; f one of {@link HalfFunction}. May run in place. After some eighty thousand elements of one
   * function they are looked up, in a table that stays with the kernels.
   */
  halfFunction: kernel(['f', 'input', 'output', 'n', 'a', 'b'], { a: 0, b: 0 }),
}
