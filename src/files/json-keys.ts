// Finds keys that occur twice in one object of a JSON text: JSON.parse keeps the last and says nothing.

/** The first key that an object repeats, or undefined. `json` must be valid JSON. */
export function findDuplicateKey(json: string): string | undefined {
  const scopes: Set<string>[] = []
  let text = ''
  for (const [token] of json.matchAll(/"(?:[^"\\]+|\\.)*"|[{}:]/g)) {
    if (token === '{') scopes.push(new Set())
    else if (token === '}') scopes.pop()
    else if (token !== ':') text = token
    else {
      const key = JSON.parse(text) as string
      const scope = scopes.at(-1)
      if (scope?.has(key)) return key
      scope?.add(key)
    }
  }
  return undefined
}
