// A throw-away project whose tests run in Chromium, with the built package and Vitest's browser provider installed.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

const chosen = process.env.EXPECT_TENSOR_CHROMIUM
const places = chosen ? [chosen] : ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Its path; undefined where there is none. */
export const chromium = places.find((path) => existsSync(path))

export const missingChromium = `no Chromium in ${places.join(', ')}: install it, or name one in EXPECT_TENSOR_CHROMIUM`

interface Outcome {
  readonly status: number | null
  readonly output: string
}

export interface BrowserProject {
  readonly folder: string
  run(args?: readonly string[], env?: NodeJS.ProcessEnv): Outcome
  remove(): void
}

/**
 * @param tests a folder, which is copied
 * @param settings of Vitest's `test`, as JavaScript
 */
export function createBrowserProject(tests: string, settings = "setupFiles: ['expect-tensor/vitest']"): BrowserProject {
  const folder = mkdtempSync(join(tmpdir(), 'expect-tensor-browser-'))
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/vitest/package.json'), 'utf8'))
  cpSync(tests, folder, { recursive: true })
  const devDependencies = { vitest: version, '@vitest/browser-playwright': version, playwright: '^1.56.0' }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module', devDependencies }))
  writeFileSync(
    join(folder, 'vitest.config.js'),
    `import { playwright } from '@vitest/browser-playwright'
export default { test: { ${settings}, browser: { enabled: true, headless: true, screenshotFailures: false,
  provider: playwright({ launchOptions: { executablePath: ${JSON.stringify(chromium)}, args: ['--no-sandbox'] } }),
  instances: [{ browser: 'chromium' }] } } }`,
  )
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts']
  const { status, stdout, stderr } = spawnSync('npm', install, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(stdout + stderr)
  const installed = join(folder, 'node_modules/expect-tensor')
  cpSync(join(root, 'dist'), join(installed, 'dist'), { recursive: true })
  cpSync(join(root, 'package.json'), join(installed, 'package.json'))

  return {
    folder,
    run(args = [], more = {}) {
      const { CI: _, GITHUB_ACTIONS: __, VITEST: ___, VITEST_WORKER_ID: ____, NODE_ENV: _____, ...env } = process.env
      const vitest = join(folder, 'node_modules/vitest/vitest.mjs')
      const ran = spawnSync(process.execPath, [vitest, 'run', ...args], {
        cwd: folder,
        encoding: 'utf8',
        timeout: 240_000,
        env: { ...env, NO_COLOR: '1', ...more },
      })
      return { status: ran.status, output: ran.stdout + ran.stderr }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
