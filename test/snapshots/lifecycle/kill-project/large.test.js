// Snapshots that take a while to write. GAIN says what is computed.
const gain = Number(process.env.GAIN ?? 1)

for (let i = 0; i < 6; i++) {
  test(`large ${i}`, () => {
    expect(new Float32Array(200_000).fill(gain)).toMatchTensorSnapshot({ atol: 0 })
  })
}
