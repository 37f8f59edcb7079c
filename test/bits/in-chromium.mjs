// Chromium: a page served from this process loads the built package as it is, without a bundler, and reports its hashes.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { programSource } from './program.mjs'

const timeout = 60_000
const contentTypes = { '': 'text/html', '.js': 'text/javascript' }

const page = `<!doctype html>
<link rel="icon" href="data:,">
<script>
  const report = (body) => fetch('/report', { method: 'POST', body })
  const fail = (message) => report(JSON.stringify({ page: message }))
  addEventListener('error', ({ message }) => fail(message))
  addEventListener('unhandledrejection', ({ reason }) => fail(String(reason)))
</script>
<script type="module" onerror="fail('a module cannot be loaded')">${programSource({
  ncnn: '/dist/ncnn.js',
  compute: '/compute.js',
  read: "async (file) => new Uint8Array(await (await fetch('/models/' + file)).arrayBuffer())",
  report: 'report',
})}</script>`

/** The hashes in Chromium. `dist`, `models` and `compute` are file URLs, `folder` is for its profile. */
export async function hashesInChromium(chromium, { dist, models, compute }, folder) {
  const { url, report, close } = await servePage({ '/dist/': dist, '/models/': models, '/compute.js': compute })
  const browser = openBrowser(chromium, url, join(folder, 'profile'))
  try {
    return await Promise.race([report, browser.failure])
  } finally {
    await browser.end()
    close()
  }
}

/** Serves the page, and files by the beginnings of their paths; `report` resolves to what the page reports. */
async function servePage(places) {
  const { promise: report, resolve } = withResolvers()
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost')
    if (pathname === '/report') {
      resolve(JSON.parse(await text(request)))
      response.end()
      return
    }
    const [prefix, place] = Object.entries(places).find(([prefix]) => pathname.startsWith(prefix)) ?? []
    const file = prefix === undefined ? undefined : new URL(place + pathname.slice(prefix.length))
    const body = pathname === '/' ? page : await (file && readFile(file).catch(() => undefined))
    const type = contentTypes[extname(pathname)] ?? 'application/octet-stream'
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': type }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  return { url: `http://127.0.0.1:${server.address().port}/`, report, close }
}

/** Opens a page; `failure` rejects when the browser ends of itself, or takes too long. */
function openBrowser(chromium, url, profile) {
  const switches = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', `--user-data-dir=${profile}`]
  // In a group of its own, so that all of its processes can be ended.
  const browser = spawn(chromium, [...switches, url], { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
  let words = ''
  browser.stderr.setEncoding('utf8').on('data', (chunk) => {
    words = (words + chunk).slice(-4000)
  })
  const { promise: failure, reject } = withResolvers()
  failure.catch(() => undefined)
  const timer = setTimeout(() => reject(new Error(`no answer within ${timeout} ms:\n${words}`)), timeout)
  const ended = new Promise((resolve) => {
    browser.once('error', (error) => resolve(reject(error)))
    browser.once('close', (code) => resolve(reject(new Error(`Chromium ended with ${code}:\n${words}`))))
  })
  const kill = () => {
    try {
      process.kill(-browser.pid, 'SIGKILL')
    } catch {
      // It has ended already.
    }
  }
  process.once('exit', kill)
  return {
    failure,
    async end() {
      clearTimeout(timer)
      kill()
      await ended
      process.removeListener('exit', kill)
    },
  }
}

/** `Promise.withResolvers`, which Node 20 has not. */
function withResolvers() {
  let [resolve, reject] = []
  const promise = new Promise((...functions) => {
    ;[resolve, reject] = functions
  })
  return { promise, resolve, reject }
}
