// As much of JSON Schema as report.schema.json uses, so that no validator has to be installed.
import schema from '../../src/report/report.schema.json' with { type: 'json' }

interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean
  readonly items?: Schema
  readonly minItems?: number
  readonly maxItems?: number
  readonly minimum?: number
  readonly pattern?: string
}

const definitions = schema.$defs as Readonly<Record<string, Schema>>

/** What of the report is not as the schema has it: where, and what is there. */
export function schemaProblems(report: unknown): string[] {
  return problems(JSON.parse(JSON.stringify(report)), schema as Schema, '')
}

function problems(value: unknown, { $ref, ...own }: Schema, at: string): string[] {
  const rule: Schema = $ref === undefined ? own : definitions[$ref.replace('#/$defs/', '')]
  const wrong = (what: string): string[] => [`${at || 'report'}: ${what}, got ${JSON.stringify(value)?.slice(0, 60)}`]
  if (rule.anyOf && !rule.anyOf.some((one) => problems(value, one, at).length === 0)) return wrong('none of anyOf')
  if ('const' in rule && value !== rule.const) return wrong(`not ${rule.const}`)
  if (rule.enum && !rule.enum.includes(value)) return wrong(`not one of ${rule.enum}`)
  const types = rule.type === undefined ? [] : [rule.type].flat()
  if (types.length > 0 && !types.some((type) => isOfType(value, type))) return wrong(`not of type ${types}`)
  if (typeof value === 'number' && value < (rule.minimum ?? -Infinity)) return wrong(`below ${rule.minimum}`)
  if (typeof value === 'string' && rule.pattern && !new RegExp(rule.pattern).test(value))
    return wrong('another pattern')
  if (Array.isArray(value)) {
    if (value.length < (rule.minItems ?? 0) || value.length > (rule.maxItems ?? Infinity))
      return wrong('another length')
    return value.flatMap((item, i) => problems(item, rule.items ?? {}, `${at}[${i}]`))
  }
  if (typeof value !== 'object' || value === null) return []
  const { properties = {}, required = [], additionalProperties } = rule
  return [
    ...required.filter((name) => !(name in value)).flatMap((name) => wrong(`${name} is missing`)),
    ...Object.entries(value).flatMap(([name, entry]) => {
      if (name in properties) return problems(entry, properties[name], `${at}.${name}`)
      return additionalProperties === false ? [`${at}.${name} is not in the schema`] : []
    }),
  ]
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'integer':
      return Number.isInteger(value)
    default:
      return typeof value === type
  }
}
