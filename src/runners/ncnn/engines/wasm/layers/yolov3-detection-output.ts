// Yolov3DetectionOutput: the boxes that a YOLO v3 detector found, from its feature maps.
import { NcnnError } from '../../../error.ts'
import { floatBits, floats } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { exp } from '../math/index.ts'
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
  check(params) {
    const { num_box, biases, mask, anchors_scale } = params
    checkDetector(params, biases)
    if (biases.length % 2 !== 0)
      throw new NcnnError(`biases must be widths and heights, found ${biases.length} numbers`)
    const fraction = mask.find((anchor) => !Number.isInteger(anchor))
    if (fraction !== undefined) throw new NcnnError(`mask must be whole numbers as floats (1.0), found ${fraction}`)
    const anchors = Math.floor(biases.length / 2)
    const outside = mask.find((anchor) => anchor < 0 || anchor >= anchors)
    if (outside !== undefined) throw new NcnnError(`mask refers to anchor ${outside}, but biases has ${anchors}`)
    const groups = mask.length / num_box
    if (mask.length === 0 || !Number.isInteger(groups) || anchors_scale.length < groups) {
      throw new NcnnError(
        `mask needs ${num_box} anchors for each input and anchors_scale a value, found ${mask.length} and ${anchors_scale.length}`,
      )
    }
    const odd = anchors_scale.slice(0, groups).find((scale) => !(scale > 0))
    if (odd !== undefined) throw new NcnnError(`anchors_scale must be positive, found ${odd}`)
  },
  forward(inputs, { params }, workspace) {
    const { num_class, num_box, biases, mask, anchors_scale } = params
    if (mask.length < num_box * inputs.length || anchors_scale.length < inputs.length) {
      throw new NcnnError(
        `${inputs.length} inputs of ${num_box} boxes need ${num_box * inputs.length} values in mask and ${inputs.length} in anchors_scale, ` +
          `found ${mask.length} and ${anchors_scale.length}`,
      )
    }
    const boxes = inputs.flatMap((x, input) => {
      checkPredictions(x, num_class, num_box)
      const { h, w } = namedLengths(x.shape)
      const [netH, netW] = [h, w].map((length) => Math.trunc(Math.fround(anchors_scale[input] * length)))
      return cellsOf(x, num_box, num_class, workspace).flatMap((cell) => {
        const { label, score } = bestClass(cell.classScores)
        const confidence = cell.round(1 / (1 + exp(-cell.objectness) * (1 + exp(-score))))
        if (!(confidence >= params.confidence_threshold)) return []
        const bias = mask[input * num_box + cell.anchor] * 2
        return [
          decodeBox(cell, label, confidence, { width: biases[bias] / netW, height: biases[bias + 1] / netH }, h, w),
        ]
      })
    })
    return finish(boxes, params.nms_threshold, workspace)
  },
})
