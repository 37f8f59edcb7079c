// What a YOLO detector says about the boxes of each cell, and the boxes that follow from it.
import { NcnnError } from '../../../error.ts'
import { float, floats, int, type ParamValues } from '../../../params.ts'
import type { Workspace } from '../layer.ts'
import { exp } from '../math/index.ts'
import type { Blob } from '../memory/blob.ts'
import { atLeast } from '../param-checks.ts'
import { asRank, namedLengths } from '../shapes/axes.ts'
import { type Box, boxAround, sortByScore, suppressOverlaps, writeBoxes } from './boxes.ts'
import { sigmoid } from './logistic.ts'

export const yoloParams = {
  num_class: int(0, 20),
  num_box: int(1, 5),
  confidence_threshold: float(2, 0.01),
  nms_threshold: float(3, 0.45),
  biases: floats(4),
} as const

type YoloParams = ParamValues<typeof yoloParams>

/** Refuses parameters with which ncnn does not load a detector. */
export function checkDetector(
  { num_class, num_box }: Pick<YoloParams, 'num_class' | 'num_box'>,
  biases: readonly number[],
): void {
  atLeast(1, { num_class, num_box })
  const odd = biases.find((bias) => !(bias > 0 && bias < Infinity))
  if (odd !== undefined) throw new NcnnError(`biases must be positive, found ${odd}`)
}

export function checkPredictions(x: Blob, num_class: number, num_box: number): void {
  const { c } = namedLengths(asRank(x.shape, 3))
  if (Math.floor(c / num_box) === 5 + num_class) return
  throw new NcnnError(
    `${num_box} boxes of ${num_class} classes need ${num_box * (5 + num_class)} channels, the input has ${c}`,
  )
}

/** What the network says about one anchor in one cell. */
interface Cell {
  readonly anchor: number
  readonly row: number
  readonly column: number
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly objectness: number
  readonly classScores: readonly number[]
  readonly round: (value: number) => number
}

export function cellsOf(x: Blob, num_box: number, num_class: number, { float }: Workspace): Cell[] {
  const { h, w } = namedLengths(x.shape)
  const size = h * w
  const round = float === 'float32' ? Math.fround : (value: number) => value
  return Array.from({ length: num_box * size }, (_, i) => {
    const anchor = Math.floor(i / size)
    const cell = i % size
    const value = (channel: number): number => x.data[(anchor * (5 + num_class) + channel) * size + cell]
    return {
      anchor,
      row: Math.floor(cell / w),
      column: cell % w,
      x: value(0),
      y: value(1),
      width: value(2),
      height: value(3),
      objectness: value(4),
      classScores: Array.from({ length: num_class }, (_, label) => value(5 + label)),
      round,
    }
  })
}

export function bestClass(scores: readonly number[]): { readonly label: number; readonly score: number } {
  let [label, score] = [0, -Infinity]
  for (const [index, candidate] of scores.entries()) if (candidate > score) [label, score] = [index, candidate]
  return { label, score }
}

/** `anchor`: its size relative to the image. Class 0 of the result is the background. */
export function decodeBox(
  cell: Cell,
  label: number,
  confidence: number,
  anchor: { readonly width: number; readonly height: number },
  h: number,
  w: number,
): Box {
  return boxAround(
    label + 1,
    confidence,
    (cell.column + sigmoid(cell.x)) / w,
    (cell.row + sigmoid(cell.y)) / h,
    exp(cell.width) * anchor.width,
    exp(cell.height) * anchor.height,
    cell.round,
  )
}

export function finish(boxes: Box[], threshold: number, workspace: Workspace): Blob {
  sortByScore(boxes)
  return writeBoxes(suppressOverlaps(boxes, threshold), workspace)
}
