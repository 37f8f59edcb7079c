// Checks that JSON out of a file has the form that its readers rely on, and says where it has not.

/** What is wrong with a value, with its place in front, or undefined. */
export type Form = (value: unknown, place: string) => string | undefined

function named(what: string, accepts: (value: unknown) => boolean): Form {
  return (value, place) => (accepts(value) ? undefined : `${place}: expected ${what}, found ${describe(value)}`)
}

export const text = named('text', (value) => typeof value === 'string')

export const count = named('a whole number from 0', (value) => Number.isSafeInteger(value) && Number(value) >= 0)

/** A length of an axis, -1 for one that varies. */
export const axisLength = named('the length of an axis', (value) => Number.isSafeInteger(value) && Number(value) >= -1)

export const oneOf = (choices: readonly string[]): Form =>
  named(`one of ${choices.join(', ')}`, (value) => choices.includes(value as string))

export const optional =
  (form: Form): Form =>
  (value, place) =>
    value === undefined ? undefined : form(value, place)

export const listOf =
  (form: Form): Form =>
  (value, place) => {
    if (!Array.isArray(value)) return `${place}: expected a list, found ${describe(value)}`
    for (const [i, entry] of value.entries()) {
      const problem = form(entry, `${place}[${i}]`)
      if (problem !== undefined) return problem
    }
    return undefined
  }

/** Other members than those may be there. */
export const objectOf =
  (members: Readonly<Record<string, Form>>): Form =>
  (value, place) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return `${place}: expected an object, found ${describe(value)}`
    }
    for (const [name, form] of Object.entries(members)) {
      const problem = form((value as Record<string, unknown>)[name], place === '' ? name : `${place}.${name}`)
      if (problem !== undefined) return problem
    }
    return undefined
  }

function describe(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 40)
}
