// Boxes that detectors find: sorting by score and non-maximum suppression, in ncnn's order.
import type { Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'

export interface Box {
  readonly label: number
  readonly score: number
  readonly xmin: number
  readonly ymin: number
  readonly xmax: number
  readonly ymax: number
}

/**
 * Sorts in place from the highest score down, with the quicksort that ncnn has: it is not stable, and the order it leaves among
 * equal scores decides which box is kept.
 */
export function sortByScore(boxes: Box[]): void {
  const pending: [left: number, right: number][] = boxes.length > 0 ? [[0, boxes.length - 1]] : []
  for (let range = pending.pop(); range !== undefined; range = pending.pop()) {
    const [left, right] = range
    const pivot = boxes[(left + right) >> 1].score
    let i = left
    let j = right
    while (i <= j) {
      while (boxes[i].score > pivot) i++
      while (boxes[j].score < pivot) j--
      if (i > j) break
      const box = boxes[i]
      boxes[i++] = boxes[j]
      boxes[j--] = box
    }
    if (left < j) pending.push([left, j])
    if (i < right) pending.push([i, right])
  }
}

/**
 * Keeps, of boxes sorted by score, those that overlap no better one by more than `threshold` (intersection over union). Of two boxes
 * without an area that is NaN, which ncnn as it is compiled takes for more.
 */
export function suppressOverlaps(boxes: readonly Box[], threshold: number): Box[] {
  const kept: Box[] = []
  for (const box of boxes) {
    if (kept.every((better) => intersectionOverUnion(box, better) <= threshold)) kept.push(box)
  }
  return kept
}

const area = ({ xmin, ymin, xmax, ymax }: Box): number => (xmax - xmin) * (ymax - ymin)

function intersectionOverUnion(a: Box, b: Box): number {
  const apart = a.xmin > b.xmax || a.xmax < b.xmin || a.ymin > b.ymax || a.ymax < b.ymin
  const width = Math.min(a.xmax, b.xmax) - Math.max(a.xmin, b.xmin)
  const height = Math.min(a.ymax, b.ymax) - Math.max(a.ymin, b.ymin)
  const intersection = apart ? 0 : width * height
  return intersection / (area(a) + area(b) - intersection)
}

/** The box around a centre; `round` brings its corners to the precision of the model. */
export function boxAround(
  label: number,
  score: number,
  centerX: number,
  centerY: number,
  width: number,
  height: number,
  round: (value: number) => number,
): Box {
  return {
    label,
    score,
    xmin: round(centerX - width * 0.5),
    ymin: round(centerY - height * 0.5),
    xmax: round(centerX + width * 0.5),
    ymax: round(centerY + height * 0.5),
  }
}

/** A blob [boxes, 6] of label, score and corners. */
export function writeBoxes(boxes: readonly Box[], workspace: Workspace): Blob {
  const blob = workspace.alloc([boxes.length, 6])
  for (const [i, { label, score, xmin, ymin, xmax, ymax }] of boxes.entries()) {
    blob.data.set([label, score, xmin, ymin, xmax, ymax], 6 * i)
  }
  return blob
}
