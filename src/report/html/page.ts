// A report as one HTML file that needs nothing else: no network, no library, and no script but its own.
import { createHash } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { countOf } from '../../tensor/numbers.ts'
import { escapeXml } from '../charts/svg.ts'
import { nameOfAssertion, nameOfTest, placeOf } from '../describe.ts'
import type { Report } from '../report.ts'
import { describeVerdict } from '../verdict.ts'
import { script, style } from './generated/page.ts'

export function renderPage(report: Report): string {
  const verdict = describeVerdict(report)
  const { summary, run } = report
  const mood = summary.failed > 0 ? 'bad' : 'good'
  // what comes from tests cannot run even if something were left unescaped
  const policy = `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escapeXml(verdict)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1 class="${mood}">${escapeXml(verdict)}</h1>
<p class="run">${escapeXml(describeRun(report))}</p>
<ul class="numbers">
${number(summary.failed, 'failed', summary.failed > 0 ? 'bad' : '')}
${number(summary.near, 'passed with more than half of the tolerance used', summary.near > 0 ? 'near' : '')}
${
  report.drift === undefined
    ? number(summary.assertions, 'tensor assertions; no baseline to compare with', '')
    : number(
        summary.grown ?? 0,
        `grown ${report.drift.factor} × or more since the baseline`,
        summary.grown ? 'near' : '',
      )
}
</ul>
${run.lostFiles.length > 0 ? `<p>Nothing is known of ${run.lostFiles.map((file) => `<code>${escapeXml(file)}</code>`).join(', ')}: such a file ended before it could say.</p>` : ''}
${changes(report)}
<noscript><p>The table of assertions needs JavaScript; report.json holds the same.</p></noscript>
</main>
<script type="text/plain" id="report">${deflateRawSync(JSON.stringify(report)).toString('base64')}</script>
<script type="module">${script}</script>
</body>
</html>
`
}

const number = (value: number, words: string, mood: string): string =>
  `<li${mood && ` class="${mood}"`}><strong>${value}</strong> ${escapeXml(words)}</li>`

function describeRun({ run, drift, tool }: Report): string {
  const { testRunner, node, os, arch, startedAt, durationMs, commit, branch, shards } = run
  return [
    [testRunner.name, testRunner.version].filter(Boolean).join(' '),
    `Node ${node}, ${os} ${arch}`,
    `${startedAt.replace('T', ' ').replace(/\..*/, '')} UTC, ${(durationMs / 1000).toFixed(1)} s`,
    ...(branch === undefined ? [] : [branch]),
    ...(commit === undefined ? [] : [commit.slice(0, 10)]),
    ...(shards === undefined ? [] : [`shards ${shards.map(({ index, count }) => `${index}/${count}`).join(', ')}`]),
    ...(drift === undefined
      ? []
      : [`baseline of ${drift.baseline.commit?.slice(0, 10) ?? drift.baseline.startedAt.slice(0, 10)}`]),
    `expect-tensor ${tool.version}`,
  ].join(' · ')
}

/** What cannot be a row of the table: assertions that are gone. */
function changes({ drift }: Report): string {
  if (drift === undefined || drift.removed.length === 0) return ''
  const gone = drift.removed.map(
    (assertion) =>
      `<li>${escapeXml(`${nameOfTest(assertion)}: ${nameOfAssertion(assertion)}, ${placeOf(assertion)}`)}</li>`,
  )
  return `<details class="changes"><summary>Gone since the baseline: ${countOf(drift.removed.length, 'assertion')}</summary><ul>${gone.join('')}</ul></details>`
}
