// YoloDetectionOutput and Yolov3DetectionOutput: the boxes that a YOLO detector found, from its feature maps.
import { NcnnError } from '../../../error.ts'
import { float, floats, int } from '../../../params.ts'
import { defineLayer, type Workspace } from '../layer.ts'
import { exp } from '../math/index.ts'
import type { Blob } from '../memory/blob.ts'
import { type Box, boxAround, sortByScore, suppressOverlaps, writeBoxes } from '../operations/boxes.ts'
import { checkRank } from '../shapes/axes.ts'

const yoloParams = {
  num_class: int(0, 20),
  num_box: int(1, 5),
  confidence_threshold: float(2, 0.01),
  nms_threshold: float(3, 0.45),
  biases: floats(4),
} as const

const sigmoid = (x: number): number => 1 / (1 + exp(-x))

/**
 * YOLO v2. Each x [num_box * (5 + num_class), h, w] holds, for each anchor, centre, size, objectness and class scores of a box per
 * cell; `biases` are the anchors' sizes in cells. y[detections, 6] = class + 1, score, xmin, ymin, xmax, ymax relative to the image.
 */
export const YoloDetectionOutput = defineLayer({
  type: 'YoloDetectionOutput',
  inputs: '1+',
  params: yoloParams,
  forward(inputs, { params }, workspace) {
    const { num_class, num_box, biases } = params
    if (biases.length < 2 * num_box) {
      throw new NcnnError(`${num_box} boxes need ${2 * num_box} biases, found ${biases.length}`)
    }
    const boxes = inputs.flatMap((x) => {
      checkChannels(x, num_class, num_box)
      const [, h, w] = x.shape
      return cellsOf(x, num_box, num_class, workspace).flatMap((cell) => {
        const { label, score } = bestClass(cell.classScores)
        const total = cell.classScores.reduce((sum, other) => sum + exp(other - score), 0)
        const confidence = cell.round(sigmoid(cell.objectness) / total)
        if (!(confidence >= params.confidence_threshold)) return []
        const anchor = { width: biases[2 * cell.anchor] / w, height: biases[2 * cell.anchor + 1] / h }
        return [decodeBox(cell, label, confidence, anchor, h, w)]
      })
    })
    return finish(boxes, params.nms_threshold, workspace)
  },
})

/**
 * YOLO v3. As YoloDetectionOutput, but `biases` are in pixels, `mask` says which of them belong to each input's anchors, and
 * `anchors_scale` how many pixels a cell of each input has; classes do not exclude each other.
 */
export const Yolov3DetectionOutput = defineLayer({
  type: 'Yolov3DetectionOutput',
  inputs: '1+',
  params: { ...yoloParams, mask: floats(5), anchors_scale: floats(6) },
  forward(inputs, { params }, workspace) {
    const { num_class, num_box, biases, mask, anchors_scale } = params
    if (mask.length < num_box * inputs.length || anchors_scale.length < inputs.length) {
      throw new NcnnError(
        `${inputs.length} inputs of ${num_box} boxes need ${num_box * inputs.length} values in mask and ${inputs.length} in anchors_scale, ` +
          `found ${mask.length} and ${anchors_scale.length}`,
      )
    }
    const boxes = inputs.flatMap((x, input) => {
      checkChannels(x, num_class, num_box)
      const [, h, w] = x.shape
      const [netH, netW] = [h, w].map((length) => Math.trunc(Math.fround(anchors_scale[input] * length)))
      return cellsOf(x, num_box, num_class, workspace).flatMap((cell) => {
        const { label, score } = bestClass(cell.classScores)
        const confidence = cell.round(1 / (1 + exp(-cell.objectness) * (1 + exp(-score))))
        if (!(confidence >= params.confidence_threshold)) return []
        const bias = Math.trunc(mask[input * num_box + cell.anchor]) * 2
        if (!(bias >= 0 && bias + 1 < biases.length)) {
          throw new NcnnError(`mask refers to anchor ${bias / 2}, but biases has ${biases.length / 2}`)
        }
        return [
          decodeBox(cell, label, confidence, { width: biases[bias] / netW, height: biases[bias + 1] / netH }, h, w),
        ]
      })
    })
    return finish(boxes, params.nms_threshold, workspace)
  },
})

function checkChannels(x: Blob, num_class: number, num_box: number): void {
  checkRank(x.shape, 3)
  if (num_box >= 1 && num_class >= 1 && Math.floor(x.shape[0] / num_box) === 5 + num_class) return
  throw new NcnnError(
    `${num_box} boxes of ${num_class} classes need ${num_box * (5 + num_class)} channels, the input has ${x.shape[0]}`,
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

function cellsOf(x: Blob, num_box: number, num_class: number, { float }: Workspace): Cell[] {
  const [, h, w] = x.shape
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

function bestClass(scores: readonly number[]): { readonly label: number; readonly score: number } {
  let [label, score] = [0, -Infinity]
  for (const [index, candidate] of scores.entries()) if (candidate > score) [label, score] = [index, candidate]
  return { label, score }
}

/** `anchor`: its size relative to the image. Class 0 of the result is the background. */
function decodeBox(
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

function finish(boxes: Box[], threshold: number, workspace: Workspace): Blob {
  sortByScore(boxes)
  return writeBoxes(suppressOverlaps(boxes, threshold), workspace)
}
