// What sums of slices mean: box formats, colour spaces, complex factors.
import { formatNumber } from '../../../tensor/numbers.ts'

/** A slice as a sum of slices of the other side. */
export interface Mix {
  /** One for each slice of the other side; 0 where it takes no part. */
  readonly weights: readonly number[]
  readonly plus: number
}

type Matrix = readonly (readonly number[])[]

/** How near weights must be to known ones. */
const tolerance = 2e-3

/** The formats of boxes as sums of their corners, and the corners as sums of them. */
const boxFormats: readonly { readonly name: string; readonly ofCorners: Matrix; readonly toCorners: Matrix }[] = [
  {
    name: 'two corners (x1, y1, x2, y2)',
    ofCorners: [
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 1],
    ],
    toCorners: [
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 1],
    ],
  },
  {
    name: 'a corner and the size (x, y, w, h)',
    ofCorners: [
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [-1, 0, 1, 0],
      [0, -1, 0, 1],
    ],
    toCorners: [
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [1, 0, 1, 0],
      [0, 1, 0, 1],
    ],
  },
  {
    name: 'the centre and the size (cx, cy, w, h)',
    ofCorners: [
      [0.5, 0, 0.5, 0],
      [0, 0.5, 0, 0.5],
      [-1, 0, 1, 0],
      [0, -1, 0, 1],
    ],
    toCorners: [
      [1, 0, -0.5, 0],
      [0, 1, 0, -0.5],
      [1, 0, 0.5, 0],
      [0, 1, 0, 0.5],
    ],
  },
]

/** The shares of red, green and blue in the brightness, and the weights of the last channel, V or Cr, in red. */
const colourSpaces = [
  { name: 'BT.601', shares: [0.299, 0.587, 0.114], ofRed: 1.402 },
  { name: 'BT.709', shares: [0.2126, 0.7152, 0.0722], ofRed: 1.5748 },
  { name: 'BT.2020', shares: [0.2627, 0.678, 0.0593], ofRed: 1.4746 },
] as const

/** What a matrix that makes one side of the other is known from. `mixes` has a row for each slice. */
export function explainMix(mixes: readonly Mix[]): string {
  const matrix = mixes.map(({ weights }) => weights)
  return (
    (mixes.every(({ plus }) => plus === 0) ? explainBoxes(matrix) : undefined) ??
    explainColours(matrix) ??
    explainTurn(mixes) ??
    explainMean(matrix) ??
    'look for a conversion that one side lacks, of colours, boxes or coordinates'
  )
}

function explainBoxes(matrix: Matrix): string | undefined {
  if (matrix.length < 4) return undefined
  for (const ours of boxFormats) {
    for (const theirs of boxFormats) {
      const product = ours.ofCorners.map((row) =>
        [0, 1, 2, 3].map((column) => row.reduce((sum, x, k) => sum + x * (theirs.toCorners[k]?.[column] ?? 0), 0)),
      )
      if (ours !== theirs && product.every((row, k) => isNear(matrix[k] ?? [], row))) {
        return `boxes as ${ours.name} instead of ${theirs.name}`
      }
    }
  }
  return undefined
}

function isNear(row: readonly number[], wanted: readonly number[]): boolean {
  return row.every((x, k) => Math.abs(x - (wanted[k] ?? 0)) < tolerance)
}

function explainColours(matrix: Matrix): string | undefined {
  if (matrix.length !== 3) return undefined
  for (const { name, shares, ofRed } of colourSpaces) {
    const isBrightness = (row: readonly number[]) => {
      const sum = row.reduce((total, x) => total + x, 0)
      const scaled = row.map((x) => x / sum)
      return isNear(scaled, shares) || isNear(scaled, shares.toReversed())
    }
    if (matrix.every(isBrightness)) return `a grey picture (the brightness of ${name}) in place of a coloured one`
    if (isBrightness(matrix[0] ?? [])) return `brightness and colour (YUV, YCbCr of ${name}) in place of RGB`
    const isRed = ([y = 0, u = 0, v = 0]: readonly number[]) => u === 0 && y > 0 && Math.abs(v / y - ofRed) < 0.02
    if ([matrix[0], matrix[2]].some((row) => isRed(row ?? []))) {
      return `RGB in place of brightness and colour (YUV, YCbCr of ${name})`
    }
  }
  return undefined
}

function explainTurn(mixes: readonly Mix[]): string | undefined {
  const [[a = 0, b = 0] = [], [c = 0, d = 0] = []] = mixes.map(({ weights }) => weights)
  const size = Math.hypot(a, c)
  if (mixes.length !== 2 || Math.abs(a - d) > tolerance * size || Math.abs(b + c) > tolerance * size) return undefined
  const times = Math.abs(size - 1) < tolerance ? '' : ` and times ${formatNumber(size)}`
  return `each pair is turned by ${formatNumber((Math.atan2(c, a) * 180) / Math.PI)} degrees${times}, as by a complex factor`
}

function explainMean(matrix: Matrix): string | undefined {
  const share = 1 / matrix.length
  return matrix.every((row) =>
    isNear(
      row,
      row.map(() => share),
    ),
  )
    ? 'each is the mean of all: look for a mean over this axis'
    : undefined
}
