// YoloDetectionOutput: the boxes that a YOLO v2 detector found, from its feature maps.
import { NcnnError } from '../../../error.ts'
import { defineLayer, type Workspace } from '../layer.ts'
import { exp } from '../math/index.ts'
import type { Blob } from '../memory/blob.ts'
import { sigmoid } from '../operations/logistic.ts'
import { softmax } from '../operations/softmax.ts'
import {
  bestClass,
  cellsOf,
  checkDetector,
  checkPredictions,
  decodeBox,
  finish,
  yoloParams,
} from '../operations/yolo-cells.ts'
import { namedLengths } from '../shapes/axes.ts'

/**
 * YOLO v2. Each x [num_box * (5 + num_class), h, w] holds, for each anchor, centre, size, objectness and class scores of a box per
 * cell; `biases` are the anchors' sizes in cells. y[detections, 6] = class + 1, score, xmin, ymin, xmax, ymax relative to the image.
 */
export const YoloDetectionOutput = defineLayer({
  type: 'YoloDetectionOutput',
  binaryId: 56,
  inputs: '1+',
  elements: 'float32',
  stores16: false,
  params: yoloParams,
  check(params) {
    const { num_box, biases } = params
    if (biases.length < 2 * num_box) {
      throw new NcnnError(`${num_box} boxes need ${2 * num_box} biases, found ${biases.length}`)
    }
    checkDetector(params, biases.slice(0, 2 * num_box))
  },
  forward(inputs, { params }, workspace) {
    const { num_class, num_box, biases } = params
    const boxes = inputs.flatMap((x) => {
      checkPredictions(x, num_class, num_box)
      const { h, w } = namedLengths(x.shape)
      return cellsOf(x, num_box, num_class, workspace).flatMap((cell) => {
        const { label, score } = bestClass(cell.classScores)
        const total = cell.classScores.reduce((sum, other) => sum + exp(other - score), 0)
        const confidence = cell.round(sigmoid(cell.objectness) / total)
        if (!(confidence >= params.confidence_threshold)) return []
        const anchor = { width: biases[2 * cell.anchor] / w, height: biases[2 * cell.anchor + 1] / h }
        return [decodeBox(cell, label, confidence, anchor, h, w)]
      })
    })
    return boxes.length === 0
      ? withSoftmax(inputs[0], num_class, num_box, workspace)
      : finish(boxes, params.nms_threshold, workspace)
  },
})

/** x with a softmax over the class scores of each box: ncnn works in place, and hands this on where it finds nothing. */
function withSoftmax(x: Blob, num_class: number, num_box: number, workspace: Workspace): Blob {
  const y = workspace.alloc(x.shape)
  y.data.set(x.data)
  const { h, w } = namedLengths(x.shape)
  const size = h * w
  const scores = workspace.scratch([num_class, size])
  for (let box = 0; box < num_box; box++) {
    const start = (box * (5 + num_class) + 5) * size
    scores.data.set(x.data.subarray(start, start + scores.length))
    softmax(scores, scores, 1, num_class, size, workspace)
    y.data.set(scores.data, start)
  }
  return y
}
