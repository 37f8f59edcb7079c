// DetectionOutput: the boxes that an SSD detector found, from its offsets, confidences and anchors.
import { NcnnError } from '../../../error.ts'
import { float, int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { exp } from '../math/index.ts'
import type { Blob } from '../memory/blob.ts'
import { type Box, boxAround, sortByScore, suppressOverlaps, writeBoxes } from '../operations/boxes.ts'
import { namedLengths } from '../shapes/axes.ts'

/** The num_class that marks MXNet's layout. */
const mxnetStyle = -233

/**
 * y[detections, 6] = class, score, xmin, ymin, xmax, ymax of every box that is kept, best first. Inputs: offsets [priors * 4],
 * confidences [priors * classes] (MXNet: [classes, priors]), anchors [2, priors * 4] with variances (MXNet: [priors, 4] without).
 * Class 0 is the background.
 */
export const DetectionOutput = defineLayer({
  type: 'DetectionOutput',
  binaryId: 49,
  inputs: '3',
  elements: 'float32',
  stores16: false,
  params: {
    num_class: int(0),
    nms_threshold: float(1, 0.05),
    nms_top_k: int(2, 300),
    keep_top_k: int(3, 100),
    confidence_threshold: float(4, 0.5),
    variances0: float(5, 0.1),
    variances1: float(6, 0.1),
    variances2: float(7, 0.2),
    variances3: float(8, 0.2),
  },
  forward([location, confidence, anchors], { params }, workspace) {
    const { nms_threshold, nms_top_k, keep_top_k, confidence_threshold } = params
    const mxnet = params.num_class === mxnetStyle
    const { h: rows, w: rowLength } = namedLengths(anchors.shape)
    const priors = mxnet ? rows : Math.floor(rowLength / 4)
    const classes = mxnet ? namedLengths(confidence.shape).h : params.num_class
    checkSizes(location, confidence, anchors, priors, classes, mxnet)
    const common = [params.variances0, params.variances1, params.variances2, params.variances3]
    const round = workspace.float === 'float32' ? Math.fround : (value: number) => value

    const found: Box[] = []
    for (let label = 1; label < classes; label++) {
      const boxes: Box[] = []
      for (let prior = 0; prior < priors; prior++) {
        const score = confidence.data[mxnet ? label * priors + prior : prior * classes + label]
        if (!(score > confidence_threshold)) continue
        const variances = mxnet ? common : anchors.data.subarray(rowLength + prior * 4, rowLength + (prior + 1) * 4)
        boxes.push(decodeBox(location, anchors, prior, variances, label, score, round))
      }
      sortByScore(boxes)
      for (const box of suppressOverlaps(boxes.slice(0, Math.max(nms_top_k, 0)), nms_threshold)) found.push(box)
    }
    sortByScore(found)
    return writeBoxes(found.slice(0, Math.max(keep_top_k, 0)), workspace)
  },
})

function checkSizes(
  location: Blob,
  confidence: Blob,
  anchors: Blob,
  priors: number,
  classes: number,
  mxnet: boolean,
): void {
  const needed = [4 * priors, classes * priors, (mxnet ? 4 : 8) * priors]
  if ([location, confidence, anchors].every((blob, i) => blob.length >= needed[i]) && priors > 0) return
  throw new NcnnError(`${priors} anchors and ${classes} classes need inputs of ${needed.join(', ')} elements`)
}

/** The anchor, moved and stretched by the offsets times their variances. */
function decodeBox(
  { data: location }: Blob,
  { data: anchors }: Blob,
  prior: number,
  variances: ArrayLike<number>,
  label: number,
  score: number,
  round: (value: number) => number,
): Box {
  const at = prior * 4
  const [xmin, ymin, xmax, ymax] = [anchors[at], anchors[at + 1], anchors[at + 2], anchors[at + 3]]
  const [width, height] = [xmax - xmin, ymax - ymin]
  return boxAround(
    label,
    score,
    variances[0] * location[at] * width + (xmin + xmax) / 2,
    variances[1] * location[at + 1] * height + (ymin + ymax) / 2,
    exp(variances[2] * location[at + 2]) * width,
    exp(variances[3] * location[at + 3]) * height,
    round,
  )
}
