// How a message is put together: blocks of lines with a label in front, in a fixed number of lines and columns.

/** Longest message: what fits a terminal window beside the runner's own code frame. */
export const maxLines = 25
const maxWidth = 110
const labelWidth = 11

/** `1 element`, `5 elements`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** An indented line (or paragraph) with its label; none when there is no text. */
export function labelled(label: string, text: string | undefined): string[] {
  if (text === undefined || text === '') return []
  const indent = ' '.repeat(labelWidth + 3)
  return wrap(text, maxWidth - indent.length).map((line, index) =>
    index === 0 ? `  ${label.padEnd(labelWidth)} ${line}` : `${indent}${line}`,
  )
}

/** Joins the blocks that have lines, an empty line between them. */
export function joinBlocks(...blocks: readonly (readonly string[])[]): string {
  return blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')
}

/** Breaks `text` at its spaces into lines of at most `width` characters; a longer word gets a line of its own. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const paragraph of text.split('\n')) {
    let line = ''
    for (const word of paragraph.split(' ')) {
      if (line !== '' && line.length + 1 + word.length > width) {
        lines.push(line)
        line = word
      } else {
        line = line === '' ? word : `${line} ${word}`
      }
    }
    lines.push(line)
  }
  return lines
}
