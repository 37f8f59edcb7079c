// Proposal: the regions of interest that a Faster R-CNN's region proposal network found.
import { NcnnError } from '../../../error.ts'
import { float, int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { exp } from '../math/index.ts'
import type { Blob } from '../memory/blob.ts'
import { type Box, boxAround, sortByScore, suppressOverlaps } from '../operations/boxes.ts'
import { checkRank } from '../shapes/axes.ts'

/** The anchors' shapes, which ncnn does not read from the model. */
const anchorRatios = [0.5, 1, 2]
const anchorScales = [8, 16, 32]

interface Anchor {
  readonly width: number
  readonly height: number
}

/** Anchors around the middle of a cell, for each ratio all scales. */
function makeAnchors(base_size: number): Anchor[] {
  return anchorRatios.flatMap((ratio) => {
    const width = Math.round(Math.fround(base_size / Math.fround(Math.sqrt(ratio))))
    const height = Math.round(Math.fround(width * ratio))
    return anchorScales.map((scale) => ({ width: width * scale, height: height * scale }))
  })
}

/**
 * y0[proposals, 1, 4] = the corners of the best boxes within the image, y1[proposals, 1, 1] = their scores. Inputs: scores
 * [2 * anchors, h, w] of background and object, offsets [4 * anchors, h, w], image height, width and scale.
 */
export const Proposal = defineLayer({
  type: 'Proposal',
  binaryId: 24,
  inputs: '3',
  elements: 'float32',
  stores16: false,
  params: {
    feat_stride: int(0, 16),
    base_size: int(1, 16),
    pre_nms_topN: int(2, 6000),
    after_nms_topN: int(3, 300),
    nms_thresh: float(4, 0.7),
    min_size: int(5, 16),
  },
  forward([scores, offsets, imageInfo], { params, outputCount }, workspace) {
    const anchors = makeAnchors(params.base_size)
    checkInputs(scores, offsets, imageInfo, anchors.length)
    const round = workspace.float === 'float32' ? Math.fround : (value: number) => value
    const boxes = decodeBoxes(scores, offsets, anchors, params, round)
      .map((box) => clipBox(box, imageInfo.data[0], imageInfo.data[1]))
      .filter(largerThan(round(params.min_size * imageInfo.data[2]), round))
    sortByScore(boxes)
    const candidates = params.pre_nms_topN > 0 ? boxes.slice(0, params.pre_nms_topN) : boxes
    const best = suppressOverlaps(candidates, params.nms_thresh).slice(0, Math.max(params.after_nms_topN, 0))

    const regions = workspace.alloc([best.length, 1, 4])
    const regionScores = workspace.alloc([best.length, 1, 1])
    for (const [i, { score, xmin, ymin, xmax, ymax }] of best.entries()) {
      regions.data.set([xmin, ymin, xmax, ymax], 4 * i)
      regionScores.data[i] = score
    }
    if (outputCount > 1) return [regions, regionScores]
    regionScores.release()
    return regions
  },
})

function checkInputs(scores: Blob, offsets: Blob, imageInfo: Blob, anchors: number): void {
  checkRank(scores.shape, 3)
  checkRank(offsets.shape, 3)
  const [, h, w] = scores.shape
  const [, offsetsH, offsetsW] = offsets.shape
  if (scores.shape[0] < 2 * anchors || offsets.shape[0] < 4 * anchors || offsetsH !== h || offsetsW !== w) {
    throw new NcnnError(
      `${anchors} anchors need scores of [${2 * anchors}, h, w] and offsets of [${4 * anchors}, h, w]`,
    )
  }
  if (imageInfo.length < 3) throw new NcnnError('the third input must hold the height, width and scale of the image')
}

function decodeBoxes(
  scores: Blob,
  offsets: Blob,
  anchors: readonly Anchor[],
  { feat_stride, base_size }: { readonly feat_stride: number; readonly base_size: number },
  round: (value: number) => number,
): Box[] {
  const [, h, w] = scores.shape
  const size = h * w
  return anchors.flatMap(({ width, height }, anchor) =>
    Array.from({ length: size }, (_, i) => {
      const offset = (coordinate: number): number => offsets.data[(anchor * 4 + coordinate) * size + i]
      const centerX = base_size / 2 + (i % w) * feat_stride
      const centerY = base_size / 2 + Math.floor(i / w) * feat_stride
      return boxAround(
        0,
        scores.data[(anchors.length + anchor) * size + i],
        centerX + width * offset(0),
        centerY + height * offset(1),
        width * exp(offset(2)),
        height * exp(offset(3)),
        round,
      )
    }),
  )
}

function clipBox({ label, score, xmin, ymin, xmax, ymax }: Box, height: number, width: number): Box {
  const clip = (value: number, length: number): number => Math.max(Math.min(value, length - 1), 0)
  return {
    label,
    score,
    xmin: clip(xmin, width),
    ymin: clip(ymin, height),
    xmax: clip(xmax, width),
    ymax: clip(ymax, height),
  }
}

function largerThan(min: number, round: (value: number) => number): (box: Box) => boolean {
  return ({ xmin, ymin, xmax, ymax }) => round(xmax - xmin + 1) >= min && round(ymax - ymin + 1) >= min
}
