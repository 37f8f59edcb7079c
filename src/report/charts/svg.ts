// What all charts have in common: their size, their text, and logarithmic axes.

/** In units of the view box; a page scales the whole. */
const size = { width: 420, height: 240 } as const
/** Where the data are drawn. */
export const area = { left: 56, right: 412, top: 12, bottom: 200 } as const

/** For text and for attributes in double quotes. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** @param label what a screen reader says in place of the picture */
export function svg(label: string, parts: readonly string[]): string {
  const { width, height } = size
  const body = parts.join('')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(label)}" font-family="system-ui,sans-serif" font-size="11">${body}</svg>`
}

/** Colours of a page, each with one for where there is no page around. */
export const colours = {
  text: 'var(--text,#57606a)',
  line: 'var(--line,#d0d7de)',
  data: 'var(--data,#2f6fd6)',
  bad: 'var(--bad,#cf222e)',
  limit: 'var(--limit,#9a6700)',
} as const

type Anchor = 'start' | 'middle' | 'end'

export function text(
  x: number,
  y: number,
  words: string,
  anchor: Anchor = 'middle',
  colour: string = colours.text,
): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="${colour}">${escapeXml(words)}</text>`
}

export function line(x1: number, y1: number, x2: number, y2: number, colour: string, more = ''): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${colour}" ${more}/>`
}

export function rect(x: number, y: number, width: number, height: number, colour: string, opacity = 1): string {
  const alpha = opacity < 1 ? ` fill-opacity="${round(opacity)}"` : ''
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${colour}"${alpha}/>`
}

export function polyline(points: readonly (readonly [x: number, y: number])[], colour: string, more = ''): string {
  const list = points.map((point) => point.map(round).join(',')).join(' ')
  return `<polyline points="${list}" fill="none" stroke="${colour}" stroke-width="1.5" ${more}/>`
}

/** Two decimals are finer than any screen. */
export const round = (value: number): number => Math.round(value * 100) / 100

/** From the logarithm of a value to its place. */
export interface LogScale {
  readonly first: number
  readonly last: number
  at(log10: number): number
}

/** @param from where `first` lies, `to` where `last` does */
export function logScale(first: number, last: number, from: number, to: number): LogScale {
  const end = last > first ? last : first + 1
  return { first, last: end, at: (log10) => from + ((log10 - first) / (end - first)) * (to - from) }
}

const mostTicks = 7

/** Whole powers of ten. */
export function ticksOf({ first, last }: LogScale): number[] {
  const [from, to] = [Math.ceil(first - 1e-9), Math.floor(last + 1e-9)]
  const step = Math.ceil((to - from + 1) / mostTicks)
  return Array.from({ length: Math.max(0, Math.floor((to - from) / step) + 1) }, (_, i) => from + i * step)
}

export const powerName = (exponent: number): string => (exponent === 0 ? '1' : `1e${exponent}`)

/** Horizontal lines with their powers of ten. */
export function verticalAxis(scale: LogScale): string {
  return ticksOf(scale)
    .map((tick) => {
      const y = scale.at(tick)
      return line(area.left, y, area.right, y, colours.line) + text(area.left - 6, y + 4, powerName(tick), 'end')
    })
    .join('')
}

/** Vertical lines with their powers of ten. */
export function horizontalAxis(scale: LogScale): string {
  return ticksOf(scale)
    .map((tick) => {
      const x = scale.at(tick)
      return line(x, area.top, x, area.bottom, colours.line) + text(x, area.bottom + 15, powerName(tick))
    })
    .join('')
}

/** What the horizontal axis shows. */
export const caption = (words: string): string => text((area.left + area.right) / 2, size.height - 8, words)
