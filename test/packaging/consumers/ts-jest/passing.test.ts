import { loadNcnn } from 'expect-tensor/ncnn'

test('ts-jest knows the matchers, and its own options stay errors', async () => {
  const param = '7767517\n2 2\nInput in0 0 1 in0\nReLU relu 1 1 in0 out0\n'
  const model = await loadNcnn({ param, bin: new Uint8Array() })
  const { out0 } = await model.run({ in0: new Float32Array([-1, 2]) })
  expect(out0).toMatchTensor([0, 2], { atol: 1e-3 })
  expect({ out0 }).toEqual({ out0: expect.tensorCloseTo([0, 2]) })
  // @ts-expect-error: no such option
  expect(() => expect(out0).toMatchTensor([0, 2], { atoll: 1e-3 })).toThrow(/atol/)
})
