// Pooling over windows.
import { kernel } from './definition.ts'
import { image } from './geometry.ts'

/**
 * Pooling methods, numbered as ncnn's `pooling_type`. Of halves: averages whose sums are rounded to float16 at every addition, window row by row,
 * then multiplied by 1 / area, which is rounded too, or divided by the area.
 */
export const PoolType = { max: 0, average: 1, halfProduct: 2, halfQuotient: 3 } as const

export const poolingKernels = {
  /**
   * Pooling over windows of input [channels][h][w]; positions outside the input never win a maximum. `type` one of {@link PoolType};
   * `countIncludePad` divides an average by the whole window instead of by the positions inside the input.
   */
  pool: kernel([
    'type',
    ...image,
    'output',
    'outH',
    'outW',
    'kernelH',
    'kernelW',
    'strideH',
    'strideW',
    'padTop',
    'padLeft',
    'countIncludePad',
  ]),
  /** Adaptive pooling of [channels][h][w] to [channels][outH][outW]: window i covers floor(i*h/outH) to ceil((i+1)*h/outH). */
  adaptivePool: kernel(['type', ...image, 'output', 'outH', 'outW']),
}
