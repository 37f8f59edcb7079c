// Packs the package, installs the tarball into throw-away consumers and runs them: `npm run test:packaging [consumer...]`.
// A consumer is a folder under consumers/ with some of three scripts: `test` and `test:types` must pass, `test:failing` must fail with
// our message.
import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lookedUpGlobals } from './looked-up-globals.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const consumersFolder = fileURLToPath(new URL('consumers', import.meta.url))

const greatestTarball = 1.35 * 1024 * 1024
/** Two failures with code frames; the diff of a tensor of 100 000 elements must not add more than a few lines. */
const mostLinesOfFailure = 150
/** Each file costs every test file some 0.4 ms. */
const mostFilesOfEntry = 6
const failureMessage = /Tensors do not match: 1 of 2 elements \(50%\) exceeds the tolerance, by a factor of 100/

/** Runs a command to its end; stdout and stderr are one text. */
function run(command, args, { cwd, env = {} }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, NO_COLOR: '1', CI: '1', ...env } })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.on('error', (error) => resolve({ code: -1, output: String(error) }))
    child.on('close', (code) => resolve({ code, output }))
  })
}

async function check(name, body) {
  const start = performance.now()
  try {
    const note = await body()
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    process.stdout.write(`ok       ${name.padEnd(20)} ${seconds.padStart(5)} s  ${note}\n`)
    return true
  } catch (error) {
    process.stdout.write(`FAILED   ${name}\n${error.message.trimEnd().replaceAll(/^/gm, '         ')}\n`)
    return false
  }
}

async function expectSuccess(command, args, options) {
  const { code, output } = await run(command, args, options)
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} exited with ${code}\n${output}`)
  return output
}

/** Builds the tarball (`prepack` does the build) and gives it a name without the version. */
async function pack(folder) {
  const output = await expectSuccess('npm', ['pack', '--json', '--silent', '--pack-destination', folder], { cwd: root })
  const [{ filename, size, files }] = JSON.parse(output.slice(output.indexOf('[\n')))
  await rename(join(folder, filename), join(folder, 'expect-tensor.tgz'))
  if (!files.some(({ path }) => path === 'dist/index.cjs')) throw new Error('the tarball has no dist')
  if (size > greatestTarball) throw new Error(`the tarball has ${size} bytes, more than ${greatestTarball}`)
  return `${(size / 1024).toFixed(0)} kB, ${files.length} files`
}

async function lint(tarball) {
  await expectSuccess('npx', ['publint', 'run', tarball, '--strict'], { cwd: root })
  // what Vitest imports is ESM only because Vitest is: a CommonJS file cannot require either of them
  const forVitest = ['vitest', 'vitest-plugin', 'vitest-reporter']
  const others = ['--exclude-entrypoints', ...forVitest, 'report.schema.json']
  await expectSuccess('npx', ['attw', tarball, '--profile', 'node16', ...others], { cwd: root })
  const esmOnly = ['--entrypoints', ...forVitest, '--ignore-rules', 'cjs-resolves-to-esm']
  await expectSuccess('npx', ['attw', tarball, '--profile', 'node16', ...esmOnly], { cwd: root })
  return 'publint and attw'
}

/** In Vitest's browser mode there are no modules of Node's: the entry must reach them at run time, where they are. */
async function checkBrowserEntry() {
  const seen = new Set()
  const queue = ['vitest.js']
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (seen.has(file)) continue
    seen.add(file)
    if (seen.size > mostFilesOfEntry)
      throw new Error(`imports more than ${mostFilesOfEntry} files: ${[...seen].join(', ')}`)
    const source = await readFile(join(root, 'dist', file), 'utf8')
    for (const [, specifier] of source.matchAll(/^(?:import|export)\b[^'"]*?["']([^'"]+)["']/gm)) {
      if (specifier.startsWith('node:')) throw new Error(`dist/${file} imports ${specifier}`)
      if (specifier.startsWith('./')) queue.push(specifier.slice(2))
    }
  }
  return `no node: imports in ${seen.size} files`
}

/** What tests replace, or what is slow anyway. Others are slow in a vm context if they are not bound once. */
const mayBeLookedUp = new Set(['Buffer', 'Promise', 'WebAssembly', 'globalThis'])

async function checkGlobals() {
  const names = (await lookedUpGlobals()).filter((name) => !mayBeLookedUp.has(name))
  if (names.length > 0) throw new Error(`working code looks up ${names.join(', ')}: see scripts/bind-globals.ts`)
  return 'bound when a module is loaded'
}

/** The tests that README shows, each as a file of a folder. */
async function writeReadmeTests(folder) {
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  const blocks = Array.from(readme.matchAll(/^```ts\n(import .*?)^```$/gms), ([, block]) => block)
  await mkdir(folder)
  for (const [index, block] of blocks.entries()) {
    if (block.includes("from 'vitest'")) await writeFile(join(folder, `block-${index + 1}.ts`), block)
  }
}

async function tryConsumer(consumer, folder) {
  const cwd = join(folder, consumer)
  await cp(join(consumersFolder, consumer), cwd, { recursive: true })
  if ((await readdir(cwd)).includes('tsconfig.readme.json')) await writeReadmeTests(join(cwd, 'readme'))
  const { scripts, devDependencies } = JSON.parse(await readFile(join(cwd, 'package.json'), 'utf8'))
  await expectSuccess('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock'], { cwd })
  const bundledNode = Object.keys(devDependencies).find((name) => name.startsWith('node-linux-'))
  const env = bundledNode && {
    PATH: `${join(cwd, 'node_modules', bundledNode, 'bin')}${delimiter}${process.env.PATH}`,
  }
  const notes = []
  for (const script of ['test', 'test:types']) {
    if (scripts[script] === undefined) continue
    await expectSuccess('npm', ['run', script], { cwd, env })
    notes.push(script === 'test' ? 'passes' : 'type-checks')
  }
  if (scripts['test:failing'] !== undefined) {
    const { code, output } = await run('npm', ['run', 'test:failing'], { cwd, env })
    const lines = output.split('\n').length
    const shown = `exited with ${code} and printed ${lines} lines\n${output.slice(0, 5000)}`
    if (code === 0 || !failureMessage.test(output))
      throw new Error(`test:failing must fail with our message; it ${shown}`)
    if (lines > mostLinesOfFailure) throw new Error(`test:failing must be short; it ${shown}`)
    notes.push(`fails in ${lines} lines`)
  }
  return notes.join(', ')
}

/** npm's own fields say where a consumer can run: one brings a Node binary of its own. */
async function runsHere(consumer) {
  const { os, cpu } = JSON.parse(await readFile(join(consumersFolder, consumer, 'package.json'), 'utf8'))
  return (os?.includes(process.platform) ?? true) && (cpu?.includes(process.arch) ?? true)
}

const wanted = process.argv.slice(2)
const consumers = (await readdir(consumersFolder)).filter((name) => wanted.length === 0 || wanted.includes(name))
const folder = await mkdtemp(join(tmpdir(), 'expect-tensor-packaging-'))
try {
  let passed = await check('pack', () => pack(folder))
  if (passed) {
    const queue = [...consumers]
    const results = [
      await check('metadata', () => lint(join(folder, 'expect-tensor.tgz'))),
      await check('browser entry', checkBrowserEntry),
      await check('globals', checkGlobals),
    ]
    const worker = async () => {
      for (let consumer = queue.shift(); consumer !== undefined; consumer = queue.shift()) {
        const name = consumer
        if (await runsHere(name)) results.push(await check(name, () => tryConsumer(name, folder)))
        else process.stdout.write(`skipped  ${name}: runs on linux x64 only\n`)
      }
    }
    await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, worker))
    passed = results.every(Boolean)
  }
  process.exitCode = passed ? 0 : 1
} finally {
  await rm(folder, { recursive: true, force: true })
}
