// Running sums in float32 steps, rotary embeddings in float64, rounded once.
import { describe, expect, test } from 'vitest'
import { createArena, randomFloats } from './arena.ts'

const arena = createArena()
const { kernels } = arena

test.each([
  [1, 1, 1],
  [2, 9, 1],
  [3, 4, 3],
  [1, 7, 4],
  [2, 5, 13],
])('cumulativeSum of [%i][%i][%i], in place', (outer, length, inner) => {
  const values = randomFloats(outer * length * inner, 5)
  values[0] = -0
  const data = arena.put(values)
  kernels.cumulativeSum({ input: data, output: data, outer, length, inner })
  const expected = Float32Array.from(values)
  for (let i = 0; i < expected.length; i++) {
    if (Math.floor(i / inner) % length > 0) expected[i] += expected[i - inner]
  }
  expect(arena.read(data, values.length)).toEqual(expected)
  arena.reset()
})

describe.each([
  [0, 'half'],
  [0, 'full'],
  [1, 'half'],
  [1, 'full'],
])('rotate, interleaved: %i, tables of %s width', (interleaved, tables) => {
  test.each([
    [1, 1, 2],
    [2, 3, 6],
    [1, 2, 8],
    [3, 2, 14],
    [1, 3, 24],
  ])('[%i][%i][%i]', (heads, steps, width) => {
    const pairs = width / 2
    const tableWidth = tables === 'full' ? width : pairs
    const other = tables === 'full' && !interleaved ? pairs : 0
    const values = randomFloats(heads * steps * width, 6)
    const [cosines, sines] = [randomFloats(steps * tableWidth, 7), randomFloats(steps * tableWidth, 8)]
    const output = arena.floats(values.length)
    kernels.rotate({
      input: arena.put(values),
      cosines: arena.put(cosines),
      sines: arena.put(sines),
      output,
      heads,
      steps,
      width,
      tableWidth,
      interleaved,
    })
    const expected = new Float32Array(values.length)
    for (let row = 0; row < heads * steps; row++) {
      for (let pair = 0; pair < pairs; pair++) {
        const first = row * width + (interleaved ? 2 * pair : pair)
        const second = first + (interleaved ? 1 : pairs)
        const table = (row % steps) * tableWidth + pair
        expected[first] = values[first] * cosines[table] - values[second] * sines[table]
        expected[second] = values[first] * sines[table + other] + values[second] * cosines[table + other]
      }
    }
    expect(arena.read(output, values.length)).toEqual(expected)
    arena.reset()
  })
})
