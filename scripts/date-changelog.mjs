// Gives what is unreleased in CHANGELOG.md the version of package.json and today's date: `npm run release:version`, after changesets has set it.
import { readFileSync, writeFileSync } from 'node:fs'

const [changelog, packageJson] = ['../CHANGELOG.md', '../package.json'].map((path) => new URL(path, import.meta.url))
const { version } = JSON.parse(readFileSync(packageJson, 'utf8'))
const text = readFileSync(changelog, 'utf8')
const heading = '## [Unreleased]\n'
if (!text.includes(heading)) throw new Error(`CHANGELOG.md has no line "${heading.trim()}"`)
const today = new Date().toISOString().slice(0, 10)
writeFileSync(changelog, text.replace(heading, `${heading}\n## [${version}] - ${today}\n`))
