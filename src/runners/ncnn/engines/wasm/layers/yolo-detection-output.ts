// YoloDetectionOutput: the boxes that a YOLO v2 detector found, from its feature maps.
import { NcnnError } from '../../../error.ts'
import { defineLayer } from '../layer.ts'
import { exp } from '../math/index.ts'
import { sigmoid } from '../operations/logistic.ts'
import { bestClass, cellsOf, checkPredictions, decodeBox, finish, yoloParams } from '../operations/yolo-cells.ts'

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
  forward(inputs, { params }, workspace) {
    const { num_class, num_box, biases } = params
    if (biases.length < 2 * num_box) {
      throw new NcnnError(`${num_box} boxes need ${2 * num_box} biases, found ${biases.length}`)
    }
    const boxes = inputs.flatMap((x) => {
      checkPredictions(x, num_class, num_box)
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
    // ncnn works in place: where it finds nothing, it leaves its first input as it is.
    return boxes.length === 0 ? inputs[0].share() : finish(boxes, params.nms_threshold, workspace)
  },
})
