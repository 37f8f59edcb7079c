// Yolov3DetectionOutput: the boxes that a YOLO v3 detector found, from its feature maps.
import { NcnnError } from '../../../error.ts'
import { floatBits, floats } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { exp } from '../math/index.ts'
import { bestClass, cellsOf, checkPredictions, decodeBox, finish, yoloParams } from '../operations/yolo-cells.ts'

/**
 * YOLO v3. As YoloDetectionOutput, but `biases` are in pixels, `mask` says which of them belong to each input's anchors, and
 * `anchors_scale` how many pixels a cell of each input has; classes do not exclude each other.
 */
export const Yolov3DetectionOutput = defineLayer({
  type: 'Yolov3DetectionOutput',
  binaryId: 59,
  inputs: '1+',
  elements: 'float32',
  stores16: false,
  params: { ...yoloParams, mask: floatBits(5), anchors_scale: floats(6) },
  forward(inputs, { params }, workspace) {
    const { num_class, num_box, biases, mask, anchors_scale } = params
    if (mask.length < num_box * inputs.length || anchors_scale.length < inputs.length) {
      throw new NcnnError(
        `${inputs.length} inputs of ${num_box} boxes need ${num_box * inputs.length} values in mask and ${inputs.length} in anchors_scale, ` +
          `found ${mask.length} and ${anchors_scale.length}`,
      )
    }
    const fraction = mask.find((anchor) => !Number.isInteger(anchor))
    if (fraction !== undefined) throw new NcnnError(`mask must be whole numbers as floats (1.0), found ${fraction}`)
    const boxes = inputs.flatMap((x, input) => {
      checkPredictions(x, num_class, num_box)
      const [, h, w] = x.shape
      const [netH, netW] = [h, w].map((length) => Math.trunc(Math.fround(anchors_scale[input] * length)))
      return cellsOf(x, num_box, num_class, workspace).flatMap((cell) => {
        const { label, score } = bestClass(cell.classScores)
        const confidence = cell.round(1 / (1 + exp(-cell.objectness) * (1 + exp(-score))))
        if (!(confidence >= params.confidence_threshold)) return []
        const bias = mask[input * num_box + cell.anchor] * 2
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
