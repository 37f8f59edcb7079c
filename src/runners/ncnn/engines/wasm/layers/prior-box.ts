// PriorBox: the anchors of an SSD detector, for every element of a feature map.
import { NcnnError } from '../../../error.ts'
import { float, floats, int, type ParamValues } from '../../../params.ts'
import { defineLayer, type Workspace } from '../layer.ts'
import type { Blob, BlobArray } from '../memory/blob.ts'
import { atLeast } from '../param-checks.ts'
import { namedLengths } from '../shapes/axes.ts'

const priorBoxParams = {
  min_sizes: floats(0),
  max_sizes: floats(1),
  aspect_ratios: floats(2),
  variances0: float(3, 0.1),
  variances1: float(4, 0.1),
  variances2: float(5, 0.2),
  variances3: float(6, 0.2),
  flip: int(7, 1),
  clip: int(8),
  image_width: int(9),
  image_height: int(10),
  step_width: float(11, -233),
  step_height: float(12, -233),
  offset: float(13),
  step_mmdetection: int(14),
  center_mmdetection: int(15),
} as const

type PriorBoxParams = ParamValues<typeof priorBoxParams>

/** Stands for "from the inputs" among sizes and steps. */
const unset = -233

/** Half the size of a box, which is put around every centre. */
type HalfSize = readonly [width: number, height: number]

/** y[0] = the corners of all boxes, relative to the image; y[1] = their variances. In MXNet's style there are corners only. */
export const PriorBox = defineLayer({
  type: 'PriorBox',
  binaryId: 48,
  inputs: '1..2',
  elements: 'float32',
  stores16: false,
  params: priorBoxParams,
  check({ min_sizes, max_sizes }) {
    atLeast(1, { 'the number of min_sizes': min_sizes.length })
    if (max_sizes.length > 0 && max_sizes.length !== min_sizes.length) {
      throw new NcnnError(`there are ${min_sizes.length} min_sizes, but ${max_sizes.length} max_sizes`)
    }
  },
  forward([x, image], { params }, workspace) {
    const mxnet =
      image === undefined &&
      params.image_width === unset &&
      params.image_height === unset &&
      params.max_sizes.length === 0
    return mxnet ? mxnetBoxes(x, params, workspace) : ssdBoxes(x, image, params, workspace)
  },
})

function ssdBoxes(x: Blob, image: Blob | undefined, params: PriorBoxParams, workspace: Workspace): Blob {
  const { h, w } = namedLengths(x.shape)
  const [imageH, imageW] = imageSize(image, params)
  const step = (given: number, imageLength: number, length: number): number => {
    if (given !== unset) return given
    const ratio = Math.fround(imageLength / length)
    return params.step_mmdetection ? Math.ceil(ratio) : ratio
  }
  const [stepH, stepW] = [step(params.step_height, imageH, h), step(params.step_width, imageW, w)]
  const lessForCenter = params.center_mmdetection ? 1 : 0
  const halves = ssdHalfSizes(params)
  const y = workspace.alloc([2, 4 * h * w * halves.length])
  const boxes = y.data.subarray(0, y.length / 2)
  placeBoxes(boxes, h, w, halves, {
    x: params.offset * (stepW - lessForCenter),
    y: params.offset * (stepH - lessForCenter),
    stepW,
    stepH,
    imageW,
    imageH,
  })
  if (params.clip) clipBoxes(boxes)
  const variances = [params.variances0, params.variances1, params.variances2, params.variances3]
  for (let i = 0; i < boxes.length; i++) y.data[boxes.length + i] = variances[i % 4]
  return y
}

function imageSize(image: Blob | undefined, { image_width, image_height }: PriorBoxParams): [h: number, w: number] {
  if (image === undefined && (image_width === unset || image_height === unset)) {
    throw new NcnnError('without image_width and image_height the image must be the second input')
  }
  const { h, w } = namedLengths(image?.shape ?? [])
  const size: [number, number] = [image_height === unset ? h : image_height, image_width === unset ? w : image_width]
  if (size.some((length) => length < 1)) throw new NcnnError(`the image would be ${size[1]} x ${size[0]} pixels`)
  return size
}

/** For each minimal size: its square, the square between it and its maximal size, and its box for each aspect ratio. */
function ssdHalfSizes({ min_sizes, max_sizes, aspect_ratios, flip }: PriorBoxParams): HalfSize[] {
  return min_sizes.flatMap((min, k) => {
    const square = (size: number): HalfSize => [size / 2, size / 2]
    const squares = max_sizes.length > 0 ? [square(min), square(Math.sqrt(min * max_sizes[k]))] : [square(min)]
    const rectangles = aspect_ratios.flatMap((ratio): HalfSize[] => {
      const [long, short] = [(min * Math.sqrt(ratio)) / 2, min / Math.sqrt(ratio) / 2]
      return flip
        ? [
            [long, short],
            [short, long],
          ]
        : [[long, short]]
    })
    return [...squares, ...rectangles]
  })
}

/** MXNet's MultiBoxPrior: sizes are relative to the feature map's height, ratios but the first apply to the first size. */
function mxnetBoxes(x: Blob, params: PriorBoxParams, workspace: Workspace): Blob {
  if (params.aspect_ratios.length === 0) throw new NcnnError('without an image size there must be aspect_ratios')
  const { h, w } = namedLengths(x.shape)
  const stepH = params.step_height === unset ? 1 / h : params.step_height
  const stepW = params.step_width === unset ? 1 / w : params.step_width
  const half = (size: number, ratio: number): HalfSize => [((size * h) / w) * (ratio / 2), size / ratio / 2]
  const halves = [
    ...params.min_sizes.map((size) => half(size, 1)),
    ...params.aspect_ratios.slice(1).map((ratio) => half(params.min_sizes[0], Math.sqrt(ratio))),
  ]
  const y = workspace.alloc([4 * h * w * halves.length])
  const center = { x: params.offset * stepW, y: params.offset * stepH }
  placeBoxes(y.data, h, w, halves, { ...center, stepW, stepH, imageW: 1, imageH: 1 })
  if (params.clip) clipBoxes(y.data)
  return y
}

interface Centers {
  /** Of the first element. */
  readonly x: number
  readonly y: number
  readonly stepW: number
  readonly stepH: number
  readonly imageW: number
  readonly imageH: number
}

function placeBoxes(boxes: BlobArray, h: number, w: number, halves: readonly HalfSize[], centers: Centers): void {
  let at = 0
  for (let i = 0; i < h; i++) {
    for (let j = 0; j < w; j++) {
      const [x, y] = [centers.x + j * centers.stepW, centers.y + i * centers.stepH]
      for (const [width, height] of halves) {
        boxes[at++] = (x - width) / centers.imageW
        boxes[at++] = (y - height) / centers.imageH
        boxes[at++] = (x + width) / centers.imageW
        boxes[at++] = (y + height) / centers.imageH
      }
    }
  }
}

function clipBoxes(boxes: BlobArray): void {
  for (let i = 0; i < boxes.length; i++) boxes[i] = Math.min(Math.max(boxes[i], 0), 1)
}
