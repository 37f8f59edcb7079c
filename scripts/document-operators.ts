// Writes docs/operators.md: every ncnn layer type of the built-in engine with its parameters, weights, tests and exactness.
// `npm run docs:operators`; a test fails while the file is out of date.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { AnyLayerType } from '../src/runners/ncnn/engines/wasm/layer.ts'
import { layerTypes } from '../src/runners/ncnn/engines/wasm/layer-types.ts'
import { parseParamText } from '../src/runners/ncnn/param-text.ts'
import { type ParamSpec, readParams } from '../src/runners/ncnn/params.ts'
import { currentFormat, type WeightSpecs } from '../src/runners/ncnn/weights.ts'
import { type Fixture, largestDifference, readFixtures, runFixture } from '../test/runners/ncnn/fixtures.ts'

export const operatorsFile = new URL('../docs/operators.md', import.meta.url)

/** The release in which a layer type came, for those that the first one did not have. */
const since: Readonly<Record<string, string>> = {}
const firstRelease = '0.1.0'

/** The whole page. */
export async function operatorsPage(): Promise<string> {
  const { ncnn, fixtures } = readFixtures()
  const summaries = readSummaries()
  const rows: string[] = []
  for (const [name, type] of [...layerTypes].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const own = fixtures.filter(({ layer }) => layer === name)
    const cells = [
      `**${name}**`,
      summaries.get(name) ?? '',
      inputsOf(type),
      paramsOf(type),
      weightsOf(type, own),
      String(own.length),
      await differenceOf(own),
      since[name] ?? firstRelease,
    ]
    rows.push(`| ${cells.map(escapeCell).join(' | ')} |`)
  }
  return [
    '# Operators of the built-in ncnn engine',
    '',
    '<!-- Written by `npm run docs:operators` from the layer declarations and the test fixtures. Do not edit. -->',
    '',
    `All ${layerTypes.size} layer types of ncnn, as release ${currentFormat.release} computes them. Shapes are ncnn's, outermost axis first, without a batch axis.`,
    '',
    "- **Parameters**: ncnn's id and documented name; those not marked _float_, _ints_, _floats_ or _string_ are integers. A default other",
    '  than 0 follows the `=`; a name there stands for the value of that parameter. Parameter 31 of any layer is its feature mask.',
    '- **Weights**: in the order in which they stand in the .bin. _tagged_: fp32, fp16, int8 or table-indexed, as the tag before it says;',
    '  _fp32_: bare numbers. A question mark is on weights that the parameters may leave out.',
    `- **Cases**: models of one layer that ncnn ${ncnn} computed (\`test/runners/ncnn/fixtures\`), besides the tests of each family. Its stock`,
    '  builds have no ArgMax and no SPP.',
    '- **Difference**: the largest difference of an element in these cases, in float32, divided by the largest element: from that ncnn,',
    "  which runs SIMD code of its own, and from the same layer with `precision: 'float64'`. Cast differs where x86 processors round and",
    "  ncnn's plain layer cuts.",
    '',
    '| Layer | Computes | Inputs | Parameters | Weights | Cases | Difference: ncnn, float64 | Since |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

/** The TSDoc above each declaration, by the name of the layer type. */
function readSummaries(): Map<string, string> {
  const folder = new URL('../src/runners/ncnn/engines/wasm/layers/', import.meta.url)
  const summaries = new Map<string, string>()
  for (const file of readdirSync(folder)) {
    const source = readFileSync(new URL(file, folder), 'utf8')
    for (const [, comment, name] of source.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export const (\w+) = /g)) {
      const text = comment.replace(/^\s*\* ?/gm, ' ').replace(/\{@link (\w+)\}/g, '$1')
      summaries.set(name, text.replace(/\s+/g, ' ').trim())
    }
  }
  return summaries
}

const inputsOf = ({ inputs }: AnyLayerType): string => inputs.replace('..', ' to ').replace(/(\d+)\+/, '$1 or more')

const paramsOf = ({ params }: AnyLayerType): string =>
  Object.entries(params)
    .sort(([, a], [, b]) => a.id - b.id)
    .map(([name, spec]) => `${spec.id} \`${name}\`${kindOf(spec)}${defaultOf(spec)}`)
    .join(', ')

const kindOf = ({ kind }: ParamSpec): string => (kind === 'int' ? '' : ` _${kind === 'floatBits' ? 'floats' : kind}_`)

function defaultOf(spec: ParamSpec): string {
  if (!('default' in spec) || spec.default === 0) return ''
  return ` = ${typeof spec.default === 'number' ? Number(spec.default.toPrecision(7)) : spec.default}`
}

const storedAs = { tagged: 'tagged', float32: 'fp32', bytes: 'bytes', blocks: 'bytes' } as const

/** What the layers of the cases read; their parameters decide. */
function weightsOf(type: AnyLayerType, fixtures: readonly Fixture[]): string {
  const read: WeightSpecs[] = fixtures.flatMap(({ name, param }) => {
    const layer = parseParamText(param, name).layers.find((candidate) => candidate.type === type.type)
    return layer === undefined ? [] : [type.weights?.(readParams(type.params, layer), layer) ?? {}]
  })
  const names = [...new Set(read.flatMap((weights) => Object.keys(weights)))]
  return names
    .map((name) => {
      const stored = read.map((weights) => weights[name])
      const kind = storedAs[stored.find((weight) => weight !== undefined)?.stored ?? 'tagged']
      return `\`${name}\` _${kind}_${stored.includes(undefined) ? '?' : ''}`
    })
    .join(', ')
}

async function differenceOf(fixtures: readonly Fixture[]): Promise<string> {
  if (fixtures.length === 0) return ''
  let [fromNcnn, fromExact] = [0, 0]
  for (const fixture of fixtures) {
    const [found, exact] = [await runFixture(fixture), await runFixture(fixture, { precision: 'float64' })]
    for (const [name, wanted] of Object.entries(fixture.outputs)) {
      fromNcnn = Math.max(fromNcnn, largestDifference(found[name], wanted))
      fromExact = Math.max(fromExact, largestDifference(found[name], exact[name]))
    }
  }
  return `${format(fromNcnn)}, ${format(fromExact)}`
}

const format = (difference: number): string => (difference === 0 ? '0' : difference.toExponential(0))

const escapeCell = (text: string): string => text.replaceAll('|', '\\|')

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(operatorsFile, await operatorsPage())
