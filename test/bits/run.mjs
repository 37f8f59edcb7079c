// The same bits in other runtimes: `npm run test:bits` computes the hashes with the built package in Node 20, 22, 24 and 26, Bun and Deno, which
// npm installs into a throw-away folder, and in Chromium (EXPECT_TENSOR_CHROMIUM names it), and compares them with expected.json.
// `npm run test:bits -- PROGRAM...` does so in these instead: a Node for another processor, say, that an emulator runs.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { build } from 'esbuild'
import { hashesInChromium } from './in-chromium.mjs'
import { hashesIn, installRuntimes, versionOf } from './in-process.mjs'

const folder = mkdtempSync(join(tmpdir(), 'expect-tensor-bits-'))
const readHashes = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'))
const expected = readHashes('expected.json')
/** With relaxed SIMD, on processors that multiply and add in one step. */
const fused = readHashes('expected-fused.json')

/** Where things are, as file URLs. */
const places = {
  dist: new URL('../../dist/', import.meta.url).href,
  models: new URL('../../examples/voiceprint/models/', import.meta.url).href,
  compute: pathToFileURL(join(folder, 'compute.js')).href,
}

async function bundleCases() {
  await build({
    entryPoints: [fileURLToPath(new URL('compute.ts', import.meta.url))],
    outfile: fileURLToPath(places.compute),
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    logLevel: 'error',
  })
}

function findChromium() {
  const chosen = process.env.EXPECT_TENSOR_CHROMIUM
  const usual = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
  const found = (chosen ? [chosen] : usual).find((path) => existsSync(path))
  if (found === undefined && chosen) throw new Error(`EXPECT_TENSOR_CHROMIUM=${chosen} does not exist`)
  if (found === undefined) {
    console.log(`SKIPPED  Chromium: not in ${usual.join(', ')}. Install it, or name one in EXPECT_TENSOR_CHROMIUM.`)
  }
  return found
}

function compare(runtime, { plain, relaxed }) {
  report(runtime, plain, expected)
  if (relaxed === undefined) console.log(`         ${runtime} has no relaxed SIMD`)
  // Where a processor has no step for both, relaxed SIMD multiplies and adds as ever.
  else report(`${runtime}, relaxed SIMD`, relaxed, isDeepStrictEqual(relaxed, expected) ? expected : fused)
}

function report(what, hashes, wanted) {
  const wrong = Object.keys({ ...wanted, ...hashes }).filter((name) => hashes[name] !== wanted[name])
  console.log(`${wrong.length === 0 ? 'ok      ' : 'FAILED  '} ${what}: ${Object.keys(hashes).length} networks`)
  for (const name of wrong) console.log(`         ${name}: ${hashes[name]} instead of ${wanted[name]}`)
  if (wrong.length > 0) process.exitCode = 1
}

try {
  if (!existsSync(new URL('ncnn.js', places.dist))) throw new Error('dist is missing: npm run build')
  await bundleCases()
  const given = process.argv.slice(2).map((program) => ({ name: program, command: [program] }))
  for (const runtime of given.length > 0 ? given : installRuntimes([20, 22, 24, 26], folder)) {
    compare(`${runtime.name} ${versionOf(runtime)}`, hashesIn(runtime, places, folder))
  }
  const chromium = given.length > 0 ? undefined : findChromium()
  if (chromium !== undefined) compare('Chromium', await hashesInChromium(chromium, places, folder))
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
}
