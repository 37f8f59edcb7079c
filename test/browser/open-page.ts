// A page in Chromium, by Playwright, which a throw-away folder gets: as much of its types as tests use.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from './project.ts'

export interface Locator {
  allTextContents(): Promise<string[]>
  click(): Promise<void>
  count(): Promise<number>
  fill(text: string): Promise<void>
  first(): Locator
  focus(): Promise<void>
  getAttribute(name: string): Promise<string | null>
  isVisible(): Promise<boolean>
  nth(index: number): Locator
  textContent(): Promise<string>
  waitFor(): Promise<void>
}

export interface Page {
  readonly keyboard: { press(key: string): Promise<void> }
  emulateMedia(media: { readonly colorScheme: 'light' | 'dark' }): Promise<void>
  /** @param script an expression */
  evaluate<Result>(script: string): Promise<Result>
  goto(url: string): Promise<unknown>
  locator(selector: string): Locator
  on(event: 'console' | 'pageerror' | 'request', listener: (what: object) => void): void
  route(url: string, answer: (route: { fulfill(response: object): Promise<void> }) => Promise<void>): Promise<void>
  setViewportSize(size: { readonly width: number; readonly height: number }): Promise<void>
  title(): Promise<string>
}

interface Browser {
  newContext(options: object): Promise<{ newPage(): Promise<Page> }>
  close(): Promise<void>
}

export interface OpenedPage {
  readonly page: Page
  close(): Promise<void>
}

/** Where the clipboard may be read and written. */
export async function openPage(): Promise<OpenedPage> {
  const folder = mkdtempSync(join(tmpdir(), 'expect-tensor-page-'))
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ private: true, dependencies: { playwright: '^1.56.0' } }),
  )
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts']
  const { status, stdout, stderr } = spawnSync('npm', install, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(stdout + stderr)
  const playwright = createRequire(join(folder, 'package.json'))('playwright')
  const browser: Browser = await playwright.chromium.launch({ executablePath: chromium, args: ['--no-sandbox'] })
  const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] })
  return {
    page: await context.newPage(),
    async close() {
      await browser.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
