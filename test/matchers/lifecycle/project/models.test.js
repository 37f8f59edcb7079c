// Assertions about models that are awaited, and that are not. Each name says what becomes of the test.

/** A model that doubles, or multiplies by whatever it is told. */
const times = (factor) => ({
  runtime: { name: 'plain JavaScript' },
  inputs: [{ name: 'in' }],
  outputs: [{ name: 'out' }],
  blobs: ['in', 'out'],
  layers: [{ name: 'scale', type: 'Scale', inputs: ['in'], outputs: ['out'] }],
  async run({ in: { data, shape, dtype } }, { outputs = ['out'], onTensor } = {}) {
    const all = { in: { data, shape, dtype }, out: { data: data.map((x) => factor * x), shape, dtype } }
    const names = outputs === 'all' ? ['in', 'out'] : outputs
    if (onTensor === undefined) return Object.fromEntries(names.map((name) => [name, all[name]]))
    for (const name of names) onTensor(name, all[name])
    return {}
  },
  close() {},
})
const inputs = { in: { data: Float32Array.from({ length: 32 }, (_, i) => Math.sin(i)), shape: [32], dtype: 'float32' } }
const later = () => new Promise((resolve) => setTimeout(resolve, 50))

test('passes: awaited', async () => {
  await expect(times(2)).toMatchModel(times(2), { inputs })
  await expect(times(2)).not.toMatchModel(times(3), { inputs })
})
test('passes: returned', () => expect(times(2)).toMatchModel(times(2), { inputs }))
test('passes: awaited at the end, together', async () => {
  const assertions = [2, 3].map((factor) => expect(times(factor)).toMatchModel(times(factor), { inputs }))
  await later()
  await Promise.all(assertions)
})
test('passes: a promise of a model', async () => {
  await expect(Promise.resolve(times(2))).resolves.toMatchModel(times(2), { inputs })
})
test('fails: awaited, another model', async () => {
  await expect(times(2)).toMatchModel(times(2.5), { inputs })
})
test('fails: awaited late, another model', async () => {
  const assertion = expect(times(2)).toMatchModel(times(2.5), { inputs })
  await later()
  await assertion
})
test('fails: forgotten, the same model', () => {
  expect(times(2)).toMatchModel(times(2), { inputs })
})
test('fails: forgotten in a test that goes on', async () => {
  expect(times(2)).toMatchModel(times(2), { inputs })
  await later()
})
test('fails: forgotten, another model', async () => {
  expect(times(2)).toMatchModel(times(2.5), { inputs })
  await later()
})
test('passes: the one after', later)
