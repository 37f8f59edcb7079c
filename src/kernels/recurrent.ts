// Recurrent layers, one direction at a time.
import { kernel } from './definition.ts'
import { gemmScratchBytes } from './gemm.ts'

/** Bytes of scratch memory for `lstm` (gates 4, hidden size), `gru` (gates 3, outputs) and `rnn` (gates 1, outputs). */
export function recurrentScratchBytes(gates: number, hiddenSize: number): number {
  return gemmScratchBytes + (gates + 1) * (hiddenSize + 16) * 4
}

export const recurrentKernels = {
  /**
   * One direction of an LSTM over T steps. `gates` [T][4*hiddenSize] holds bias + W_x * x_t in ncnn's order I, F, O, G (one {@link gemmRight}
   * over all steps); `packedHidden` is W_h [4*hiddenSize][numOutput] through {@link packRight} (k = numOutput, n = 4*hiddenSize); `packedProjection`
   * is W_hr [numOutput][hiddenSize] likewise (k = hiddenSize, n = numOutput), or 0 when numOutput equals hiddenSize. `hidden` [numOutput] and
   * `cell` [hiddenSize] are read and updated. Step t writes output + t*outputStride; `reverse` walks from the last step to the first.
   * `scratch`: {@link recurrentScratchBytes}.
   */
  lstm: kernel(
    [
      'gates',
      'packedHidden',
      'packedProjection',
      'hidden',
      'cell',
      'output',
      'outputStride',
      'steps',
      'numOutput',
      'hiddenSize',
      'reverse',
      'scratch',
    ],
    { packedProjection: 0 },
  ),
  /**
   * One direction of a GRU. `gates` [T][3*numOutput] = bias + W_x * x_t in ncnn's order R, U, N (N with the bias WN); `packedHidden` is
   * W_h [3*numOutput][numOutput] through {@link packRight}; `hiddenBias` [numOutput] is the bias BN that is added before the reset gate multiplies.
   */
  gru: kernel([
    'gates',
    'packedHidden',
    'hiddenBias',
    'hidden',
    'output',
    'outputStride',
    'steps',
    'numOutput',
    'reverse',
    'scratch',
  ]),
  /** One direction of an RNN (tanh). `gates` [T][numOutput] = bias + W_x * x_t; `packedHidden` is W_h [numOutput][numOutput] through {@link packRight}. */
  rnn: kernel([
    'gates',
    'packedHidden',
    'hidden',
    'output',
    'outputStride',
    'steps',
    'numOutput',
    'reverse',
    'scratch',
  ]),
}
