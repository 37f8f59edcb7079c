// Draws the failure message of the demo as docs/images/failure.svg, the picture in README.md. Run `npm run demo` first: it links the package.
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const at = (path) => fileURLToPath(new URL(path, import.meta.url))
const lineHeight = 19
const charWidth = 7.83
const margin = 20
const barHeight = 30

/** Runs the test that is meant to fail and returns its message. */
function failureMessage() {
  const { stdout } = spawnSync(
    process.execPath,
    [at('../node_modules/vitest/vitest.mjs'), 'run', '--config', 'vitest.too-strict.config.ts', '--reporter=json'],
    { cwd: at('../examples/voiceprint/'), encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
  )
  const [stack] = JSON.parse(stdout.slice(stdout.indexOf('{'))).testResults[0].assertionResults[0].failureMessages
  const message = stack.split('\n    at ')[0].replace(/^Error: /, '')
  return message.split('\n').map((line) => line.trimEnd())
}

const escapeXml = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')

/** The labels at the left of the message, and its first line, stand out. */
function drawLine(line, index) {
  const y = barHeight + margin + (index + 1) * lineHeight
  const [, indent, label, rest] = /^( {2})(\S.*?)( {2,}.*)$/.exec(line) ?? []
  const body =
    index === 0
      ? `<tspan fill="#ff7b72" font-weight="bold">${escapeXml(line)}</tspan>`
      : label === undefined || /^\[/.test(label)
        ? escapeXml(line)
        : `${indent}<tspan fill="#79c0ff">${escapeXml(label)}</tspan>${escapeXml(rest)}`
  return `<text x="${margin}" y="${y}" xml:space="preserve">${body}</text>`
}

const lines = failureMessage()
const width = Math.ceil(Math.max(...lines.map((line) => line.length)) * charWidth + 2 * margin)
const height = barHeight + lines.length * lineHeight + 2 * margin
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13" fill="#e6edf3">
<title>A failure message of toMatchTensor</title>
<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>
<circle cx="20" cy="18" r="5" fill="#ff5f57"/><circle cx="38" cy="18" r="5" fill="#febc2e"/><circle cx="56" cy="18" r="5" fill="#28c840"/>
${lines.map(drawLine).join('\n')}
</svg>
`
await writeFile(at('../docs/images/failure.svg'), svg)
