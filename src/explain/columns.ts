// Lays rows of cells out in columns.
import type { Column } from './explanation.ts'

/** Pads every cell to its column's width; `point` lines numbers up at their decimal points. No trailing spaces. */
export function columns(rows: readonly (readonly string[])[], alignments: readonly Column['alignment'][]): string[] {
  const padded = rows.map((row) => [...row])
  alignments.forEach((alignment, column) => {
    const cells = padded.map((row) => row[column] ?? '')
    const aligned = alignment === 'point' ? alignPoints(cells) : cells
    const width = Math.max(...aligned.map((cell) => cell.length))
    padded.forEach((row, index) => {
      const cell = aligned[index] ?? ''
      row[column] = alignment === 'right' ? cell.padStart(width) : cell.padEnd(width)
    })
  })
  return padded.map((row) => row.join('  ').trimEnd())
}

/** The first cell is the heading: it is put at the right edge of the integer part or, when longer, left as it is. */
function alignPoints(cells: readonly string[]): string[] {
  const [heading = '', ...numbers] = cells
  const integerWidth = (cell: string) => /^-?[^.e]*/.exec(cell)?.[0].length ?? 0
  const width = Math.max(0, ...numbers.map(integerWidth))
  const body = numbers.map((cell) => cell.padStart(cell.length + width - integerWidth(cell)))
  return [heading, ...body]
}
