// Snapshots in Vitest's browser mode: `npm run test:browser`, after `npm run build`. Needs Chromium (EXPECT_TENSOR_CHROMIUM names it);
// installs the browser provider into a throw-away folder.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const chosen = process.env.EXPECT_TENSOR_CHROMIUM
const places = chosen ? [chosen] : ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const chromium = places.find((path) => existsSync(path))

if (chromium === undefined) {
  if (chosen) throw new Error(`EXPECT_TENSOR_CHROMIUM=${chosen} does not exist`)
  console.log(`SKIPPED: no Chromium in ${places.join(', ')}. Install it, or name one in EXPECT_TENSOR_CHROMIUM.`)
  process.exit(0)
}
if (!existsSync(join(root, 'dist/vitest.js'))) throw new Error('dist is missing: npm run build')

const folder = mkdtempSync(join(tmpdir(), 'expect-tensor-browser-'))
const tensorFolder = join(folder, '__snapshots__/model.test.js.tensors')
const tensorFiles = () => (existsSync(tensorFolder) ? readdirSync(tensorFolder).sort() : [])

function setUp() {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/vitest/package.json'), 'utf8'))
  cpSync(fileURLToPath(new URL('project', import.meta.url)), folder, { recursive: true })
  const devDependencies = { vitest: version, '@vitest/browser-playwright': version, playwright: '^1.56.0' }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module', devDependencies }))
  writeFileSync(
    join(folder, 'vitest.config.js'),
    `import { playwright } from '@vitest/browser-playwright'
export default { test: { setupFiles: ['expect-tensor/vitest'], browser: { enabled: true, headless: true, screenshotFailures: false,
  provider: playwright({ launchOptions: { executablePath: ${JSON.stringify(chromium)}, args: ['--no-sandbox'] } }),
  instances: [{ browser: 'chromium' }] } } }`,
  )
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts']
  const { status, stdout, stderr } = spawnSync('npm', install, { cwd: folder, encoding: 'utf8' })
  assert.equal(status, 0, stdout + stderr)
  const installed = join(folder, 'node_modules/expect-tensor')
  cpSync(join(root, 'dist'), join(installed, 'dist'), { recursive: true })
  cpSync(join(root, 'package.json'), join(installed, 'package.json'))
}

function run(values, args = [], ci = false) {
  writeFileSync(join(folder, 'values.json'), JSON.stringify(values))
  const { CI: _, GITHUB_ACTIONS: __, ...env } = process.env
  const vitest = join(folder, 'node_modules/vitest/vitest.mjs')
  const { status, stdout, stderr } = spawnSync(process.execPath, [vitest, 'run', ...args], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 180_000,
    env: { ...env, NO_COLOR: '1', ...(ci ? { CI: 'true' } : {}) },
  })
  return { status, output: stdout + stderr }
}

function step(name, { status, output }, check) {
  try {
    check(status, output)
  } catch (error) {
    console.log(`FAILED   ${name}\n${output}`)
    throw error
  }
  console.log(`ok       ${name}`)
}

try {
  setUp()
  step('CI without snapshots fails and writes nothing', run({ plain: 1 }, [], true), (status, output) => {
    assert.equal(status, 1)
    assert.match(output, /No tensor snapshot is stored for "plain 1"/)
    assert.deepEqual(tensorFiles(), [])
  })
  step('the first run writes', run({ plain: 1 }), (status, output) => {
    assert.equal(status, 0)
    assert.match(output, /Snapshots {2}3 written/)
    assert.equal(tensorFiles().length, 3)
  })
  const stored = tensorFiles()
  step('CI with snapshots passes', run({ plain: 1 }, [], true), (status) => assert.equal(status, 0))
  step('within tolerance nothing is rewritten', run({ plain: 1.00005 }, ['-u']), (status) => {
    assert.equal(status, 0)
    assert.deepEqual(tensorFiles(), stored)
  })
  step('a change fails', run({ plain: 1.5 }), (status, output) => {
    assert.equal(status, 1)
    assert.match(output, /The tensor snapshot "plain 1" does not match: 99 of 100 elements/)
    assert.deepEqual(tensorFiles(), stored)
  })
  step('-u updates, and removes what it replaced', run({ plain: 1.5 }, ['-u']), (status, output) => {
    assert.equal(status, 0)
    assert.match(output, /Snapshots {2}1 updated/)
    assert.match(output, /snapshot "plain 1" updated, new against old: cosine 1/)
    assert.equal(tensorFiles().length, 3)
    assert.notDeepEqual(tensorFiles(), stored)
  })
  writeFileSync(
    join(
      tensorFolder,
      tensorFiles().find((name) => name.startsWith('plain')),
    ),
    'damaged',
  )
  step('a damaged file is an error', run({ plain: 1.5 }, [], true), (status, output) => {
    assert.equal(status, 1)
    assert.match(output, /the file is damaged or not the one that was stored/)
  })
} finally {
  rmSync(folder, { recursive: true, force: true })
}
