// Colours of a diagnosis on a terminal: its verdict, the rows of culprits, and what repairs them.
import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

// Whether the terminal shows colours is known: Node is not to look at standard output again.
const styled = (style: Style, line: string): string => styleText(style, line, { validateStream: false })

/** @param agrees whether the outputs are within their tolerance */
export function highlight(text: string, { agrees }: { readonly agrees: boolean }): string {
  const [verdict, ...lines] = text.split('\n')
  return [styled(['bold', agrees ? 'green' : 'red'], verdict), ...lines.map(highlightLine)].join('\n')
}

function highlightLine(line: string): string {
  if (line.startsWith('  >')) return styled('red', line)
  return line.startsWith('  Repair, ') ? styled('green', line) : line
}
