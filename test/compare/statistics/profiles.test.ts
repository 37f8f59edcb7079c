import { expect, test } from 'vitest'
import { compareTensors } from '../../../src/compare/compare-tensors.ts'
import { evidenceOf } from '../../../src/outcomes/index.ts'
import { tensor } from '../../../src/tensor/to-tensor.ts'

const profilesOf = (actual: ArrayLike<number>, reference: ArrayLike<number>, shape: number[]) =>
  evidenceOf(compareTensors(tensor(Float64Array.from(actual), shape), tensor(Float64Array.from(reference), shape)))
    ?.profiles

test('root mean squares along each axis that is longer than 1', () => {
  expect(profilesOf([0, 0, 0, 3, 4, 0], [0, 0, 0, 0, 0, 0], [1, 2, 3])).toEqual([
    { axis: 1, length: 2, rmse: [0, Math.sqrt(25 / 3)] },
    { axis: 2, length: 3, rmse: [Math.sqrt(4.5), Math.sqrt(8), 0] },
  ])
})

test('a long axis is divided into 64 parts; pairs that are not finite do not count', () => {
  const [profile] =
    profilesOf(
      Array.from({ length: 640 }, (_, i) => (i % 10 === 0 ? Number.NaN : i < 320 ? 1 : 2)),
      new Float64Array(640),
      [640],
    ) ?? []
  expect(profile).toEqual({ axis: 0, length: 640, rmse: Array.from({ length: 64 }, (_, part) => (part < 32 ? 1 : 2)) })
})
