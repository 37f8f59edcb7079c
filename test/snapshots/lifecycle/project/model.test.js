// Runs under Vitest and under Jest, with the globals of either. What the "model" computes is in values.json.
const { readFileSync } = process.getBuiltinModule('node:fs')
const values = JSON.parse(readFileSync(`${process.cwd()}/values.json`, 'utf8'))
const options = { atol: 1e-4 }

function tensor(gain = 1, length = 100) {
  return Float32Array.from({ length }, (_, i) => ((i * 37) % 101) * 0.01 * gain)
}

test('text', () => {
  expect('text').toMatchSnapshot()
})

test('plain', () => {
  expect(tensor(values.plain)).toMatchTensorSnapshot(options)
})

describe('outer', () => {
  test('two', () => {
    expect(tensor(values.first)).toMatchTensorSnapshot('first', options)
    expect(tensor(values.second)).toMatchTensorSnapshot('second', options)
  })
})

test('.resolves', async () => {
  await expect(Promise.resolve(tensor())).resolves.toMatchTensorSnapshot(options)
})

for (const name of ['a', 'b', 'c']) {
  // Vitest hands concurrent tests an expect of their own; Jest takes a parameter for a callback
  test.concurrent(`concurrent ${name}`, async function () {
    // biome-ignore lint/complexity/noArguments: see above
    const local = arguments[0]?.expect ?? expect
    await Promise.resolve()
    local(tensor(name.charCodeAt(0))).toMatchTensorSnapshot(options)
  })
}

test('record', () => {
  expect({ out0: tensor(), out1: tensor(2) }).toMatchTensorSnapshot(options)
})

test('fingerprint', () => {
  expect(tensor(1, 5000)).toMatchTensorSnapshot({ ...options, storage: 'fingerprint' })
})

if (!values.removed) {
  test('to be removed', () => {
    expect(tensor(3)).toMatchTensorSnapshot(options)
  })
}

if (values.added) {
  test('added', () => {
    expect(tensor(4)).toMatchTensorSnapshot(options)
  })
}
