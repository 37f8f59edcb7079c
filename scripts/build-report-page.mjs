// Writes the script and the style of the report's page as text into src/report/html/generated/page.ts: a page is one file.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const folder = new URL('../src/report/html/', import.meta.url)

async function bundle(source) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(source, folder))],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
  })
  return outputFiles[0].text.trim()
}

const [script, style] = await Promise.all(['client.ts', 'style.css'].map(bundle))
const text = `// Built from ../client.ts and ../style.css by scripts/build-report-page.mjs.
export const script =
  ${JSON.stringify(script)}

export const style =
  ${JSON.stringify(style)}
`
const file = new URL('generated/page.ts', folder)
await mkdir(new URL('generated/', folder), { recursive: true })
// only what changed is written, so that watchers and incremental builds stay quiet
if ((await readFile(file, 'utf8').catch(() => '')) !== text) await writeFile(file, text)
process.stdout.write(`report page: ${script.length} characters of script, ${style.length} of style\n`)
