// Runs the diagnosis benchmark that may lie beside the checkout, and fails unless the culprits were named, and nobody where nobody is to blame.
// node .ci/diagnosis.mjs BENCHMARK_FOLDER FOLDER_WITH_RUNTIMES; the package must be built
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const [benchmark, runtimes] = process.argv.slice(2).map((path) => resolve(path))
const root = resolve(import.meta.dirname, '..')
const linked = join(runtimes, 'node_modules/expect-tensor')
mkdirSync(join(runtimes, 'node_modules'), { recursive: true })
if (!existsSync(linked)) symlinkSync(root, linked)
if (!existsSync(join(runtimes, 'package.json'))) writeFileSync(join(runtimes, 'package.json'), '{}')

const { cases } = JSON.parse(readFileSync(join(benchmark, 'cases.json'), 'utf8'))
const models = join(benchmark, '../models')
// A network whose files are not there cannot be run.
const present = cases.filter(({ net }) => !net.endsWith('_int8') || existsSync(join(models, `${net}.json`)))
const results = join(runtimes, 'diagnosis.json')
const { status } = spawnSync(
  process.execPath,
  [
    join(benchmark, 'benchmark.mjs'),
    'run',
    ...['--cases', join(benchmark, 'cases.json')],
    ...['--adapter', join(benchmark, 'adapter.mjs')],
    ...['--only', present.map(({ id }) => id).join(',')],
    ...['--out', results],
  ],
  { cwd: runtimes, stdio: 'inherit', env: { ...process.env, EXAMPLES: join(root, 'examples') } },
)
if (status !== 0) process.exit(1)

const judged = JSON.parse(readFileSync(results, 'utf8'))
const wrong = judged.filter(({ place, both }) => (place !== 'exact' && place !== 'even') || both === false)
const causes = judged.filter(({ cause }) => cause === 'right').length
const falsely = wrong.filter(({ place }) => place === 'false culprit')
console.log(`diagnosis: ${judged.length - wrong.length}/${judged.length} named, ${causes}/${judged.length} causes`)
for (const { id, place, answer } of wrong)
  console.log(`  ${id}: ${place}, said ${answer.culprits?.join(', ') || 'nobody'}`)
// Three networks have the coefficients `1,0.5` in their .param, the first of which ncnn 20261020 reads as the bits of a float: a second fault.
const [leastNamed, leastCauses] = [0.98, 0.97]
const isGood = judged.length - wrong.length >= leastNamed * judged.length && causes >= leastCauses * judged.length
process.exitCode = isGood && falsely.length === 0 ? 0 : 1
