// PriorBox, DetectionOutput, Proposal, YoloDetectionOutput, Yolov3DetectionOutput.
import { describe, expect, test } from 'vitest'
import { bitsOfFloat } from '../../../../../../src/runners/ncnn/words.ts'
import { expectLayer, type Nested } from '../../../expect-layer.ts'
import { runLayer, runSingle } from '../../../run-layer.ts'

describe('PriorBox', () => {
  const cells = [[[0, 0]]]

  test('a square for each minimal size, around every cell', () =>
    expectLayer(
      'PriorBox',
      { 0: [2], 7: 0, 9: 8, 10: 4, 13: 0.5 },
      [cells],
      [
        // Cells are 4 x 4 pixels: centres (2, 2) and (6, 2); x is divided by 8, y by 4.
        [1 / 8, 1 / 4, 3 / 8, 3 / 4, 5 / 8, 1 / 4, 7 / 8, 3 / 4],
        [0.1, 0.1, 0.2, 0.2, 0.1, 0.1, 0.2, 0.2].map(Math.fround),
      ],
    ))

  test('its square with the maximal size, and both boxes of each ratio', async () => {
    const y = await runSingle('PriorBox', { 0: [2], 1: [8], 2: [4], 9: 1, 10: 1, 11: 1, 12: 1 }, [[[[0]]]])
    const halves = [
      [1, 1],
      [2, 2],
      [2, 0.5],
      [0.5, 2],
    ]
    expect(y.shape).toEqual([2, 16])
    expect([...y.data.slice(0, 16)]).toEqual(halves.flatMap(([w, h]) => [-w, -h, w, h]))
  })

  test('the image from the second input, clipped to it', async () => {
    const y = await runSingle('PriorBox', { 0: [8], 7: 0, 8: 1, 9: -233, 10: -233, 13: 0.5 }, [[[[0]]], [[1, 2, 3, 4]]])
    expect([...y.data.slice(0, 4)]).toEqual([0, 0, 1, 1])
  })

  test("mmdetection's steps and centres", async () => {
    const params = { 0: [2], 7: 0, 9: 5, 10: 4, 13: 0.5, 14: 1, 15: 1 }
    const y = await runSingle('PriorBox', params, [cells], { precision: 'float64' })
    // Steps are ceil(5 / 2) = 3 and 4, centres 0.5 * (3 - 1) = 1 and 0.5 * (4 - 1) = 1.5.
    expect([...y.data.slice(0, 4)]).toEqual([0, 0.5 / 4, 2 / 5, 2.5 / 4])
  })

  test("MXNet's style", () =>
    expectLayer(
      'PriorBox',
      { 0: [0.5], 2: [1, 4], 9: -233, 10: -233, 13: 0.5 },
      [[[[0]]]],
      [0.25, 0.25, 0.75, 0.75, 0, 0.375, 1, 0.625],
    ))

  test.each([
    [{}, 'the number of min_sizes must be at least 1, found 0'],
    [{ 0: [1, 2], 1: [3], 9: 4, 10: 4 }, 'there are 2 min_sizes, but 1 max_sizes'],
    [{ 0: [1], 1: [2], 9: -233, 10: -233 }, 'the image must be the second input'],
    [{ 0: [1] }, 'the image would be 0 x 0 pixels'],
  ])('refuses %o', async (params, message) => {
    await expect(runSingle('PriorBox', params, [cells])).rejects.toThrow(message)
  })
})

describe('DetectionOutput', () => {
  /** Two anchors apart from each other, and a third almost equal to the first. */
  const anchors = [
    [0, 0, 0.2, 0.2],
    [0.5, 0.5, 0.7, 0.7],
    [0, 0, 0.2, 0.21],
  ]
  const variances = anchors.map(() => [0.1, 0.1, 0.2, 0.2])
  const stay = new Array<number>(12).fill(0)
  /** Background, class 1, class 2 for each anchor. */
  const confidences = [
    [0.1, 0.8, 0.1],
    [0.2, 0.1, 0.7],
    [0.1, 0.6, 0.3],
  ]
  const inputs = (location = stay): Nested[] => [location, confidences.flat(), [anchors.flat(), variances.flat()]]
  const detections = (...rows: [label: number, score: number, box: number[]][]): number[][] =>
    rows.map(([label, score, corners]) => [label, score, ...corners])

  test('the best box of each object, best first', () =>
    expectLayer('DetectionOutput', { 0: 3, 1: 0.5 }, inputs(), detections([1, 0.8, anchors[0]], [2, 0.7, anchors[1]])))

  test('a higher threshold keeps overlapping boxes', async () => {
    const y = await runSingle('DetectionOutput', { 0: 3, 1: 0.99 }, inputs() as never)
    expect(y.shape).toEqual([3, 6])
  })

  test('offsets move and stretch the anchors', async () => {
    // 0.1 * 5 * 0.2 to the right; width exp(0.2 * 5 ln 2) = 2 times as large.
    const location = [5, 0, 5 * Math.log(2), 0, ...stay.slice(4)]
    const expected = detections([1, 0.8, [0, 0, 0.4, 0.2]])
    await expectLayer('DetectionOutput', { 0: 3, 1: 0.05, 3: 1 }, inputs(location), expected)
  })

  test('nms_top_k and keep_top_k', async () => {
    expect((await runSingle('DetectionOutput', { 0: 3, 1: 0.99, 2: 1 }, inputs() as never)).shape).toEqual([2, 6])
    expect((await runSingle('DetectionOutput', { 0: 3, 1: 0.99, 3: 2 }, inputs() as never)).shape).toEqual([2, 6])
  })

  test('nothing found', async () => {
    expect((await runSingle('DetectionOutput', { 0: 3, 4: 0.9 }, inputs() as never)).shape).toEqual([0, 6])
  })

  test("MXNet's layout: classes first, variances as parameters", () => {
    const classesFirst = [0, 1, 2].map((label) => confidences.map((scores) => scores[label]))
    const expected = detections([1, 0.8, anchors[0]], [2, 0.7, anchors[1]])
    return expectLayer('DetectionOutput', { 0: -233, 1: 0.5 }, [stay, classesFirst, anchors], expected)
  })

  test('refuses inputs that are too short', async () => {
    await expect(runSingle('DetectionOutput', { 0: 4 }, inputs() as never)).rejects.toThrow(
      '3 anchors and 4 classes need inputs of 12, 12, 24 elements',
    )
  })
})

describe('Proposal', () => {
  /** 9 anchors over one cell: scores of background, then of objects; offsets all 0. */
  const scores = [...new Array<number>(9).fill(0), 0.1, 0.2, 0.3, 0.9, 0.4, 0.5, 0.6, 0.7, 0.8].map((score) => [
    [score],
  ])
  const offsets = new Array<number>(36).fill(0).map((offset) => [[offset]])

  test('the best boxes within the image', async () => {
    const [regions, found] = await runLayer('Proposal', { 4: 0.99, 5: 1 }, [scores, offsets, [64, 100, 1]], {
      outputs: 2,
    })
    expect(regions.shape.slice(1)).toEqual([1, 4])
    expect(found.shape).toEqual([regions.shape[0], 1, 1])
    // Anchor 3: ratio 1, scale 8, 128 pixels around (8, 8), cut to the image.
    expect([...regions.data.slice(0, 4)]).toEqual([0, 0, 72, 63])
    expect(found.data[0]).toBe(Math.fround(0.9))
    const inOrder = Array.from(found.data, Number)
    expect(inOrder).toEqual(inOrder.toSorted((a, b) => b - a))
  })

  test('no more than after_nms_topN, and none smaller than min_size', async () => {
    expect((await runSingle('Proposal', { 3: 2, 4: 0.99, 5: 1 }, [scores, offsets, [64, 100, 1]])).shape).toEqual([
      2, 1, 4,
    ])
    expect((await runSingle('Proposal', { 5: 1000 }, [scores, offsets, [64, 100, 1]])).shape).toEqual([0, 1, 4])
  })

  test('refuses inputs that do not belong together', async () => {
    const run = runSingle('Proposal', {}, [scores.slice(1), offsets, [64, 100, 1]])
    await expect(run).rejects.toThrow('9 anchors need scores of [18, h, w] and offsets of [36, h, w]')
    await expect(runSingle('Proposal', {}, [scores, offsets, [64]])).rejects.toThrow('height, width and scale')
  })
})

describe('YoloDetectionOutput', () => {
  /** One anchor in cells (0, 0) and (0, 1): x, y, w, h, objectness, two classes. */
  const x = [[[0, 0]], [[0, 0]], [[0, 0]], [[0, 0]], [[Math.log(3), -20]], [[Math.log(4), 0]], [[0, 0]]]

  test('softmax of the classes times objectness; sizes in cells', () =>
    // sigmoid(ln 3) = 3/4, softmax(ln 4, 0) = 4/5. Centre (0.5, 0.5) cells, size 1 x 0.5 cells, in a map of 2 x 1 cells.
    expectLayer('YoloDetectionOutput', { 0: 2, 1: 1, 2: 0.5, 4: [1, 0.5] }, [x], [[1, 0.6, 0, 0.25, 0.5, 0.75]]))

  test('overlapping boxes are dropped across inputs', async () => {
    const y = await runSingle('YoloDetectionOutput', { 0: 2, 1: 1, 2: 0.5, 4: [1, 0.5] }, [x, x])
    expect(y.shape).toEqual([1, 6])
  })

  test('nothing found: the first input, as it is', async () => {
    expect((await runSingle('YoloDetectionOutput', { 0: 2, 1: 1, 2: 0.9, 4: [1, 1] }, [x])).shape).toEqual([7, 1, 2])
  })

  test.each([
    [{ 0: 3, 1: 1, 4: [1, 1] }, '1 boxes of 3 classes need 8 channels, the input has 7'],
    [{ 0: 2, 1: 1, 4: [1] }, '1 boxes need 2 biases, found 1'],
    [{ 0: 2, 1: 0, 4: [1, 1] }, 'num_box must be at least 1, found 0'],
  ])('refuses %o', async (params, message) => {
    await expect(runSingle('YoloDetectionOutput', params, [x])).rejects.toThrow(message)
  })
})

describe('Yolov3DetectionOutput', () => {
  const x = [[[0, 0]], [[0, 0]], [[0, 0]], [[0, 0]], [[Math.log(2), -20]], [[0, 0]]]
  const params = { 0: 1, 1: 1, 2: 0.3, 4: [99, 99, 32, 8], 5: [bitsOfFloat(1)], 6: [16] }

  test('classes do not exclude each other; mask chooses the anchor, sizes are in pixels', () =>
    // 1 / (1 + exp(-ln 2) * (1 + exp(0))) = 1/2. Anchor 1 is 32 x 8 pixels in a net of 32 x 16 pixels.
    expectLayer('Yolov3DetectionOutput', params, [x], [[1, 0.5, -0.25, 0.25, 0.75, 0.75]]))

  test.each([
    [{ ...params, 5: [bitsOfFloat(2)] }, 'mask refers to anchor 2, but biases has 2'],
    [{ ...params, 5: [1] }, 'mask must be whole numbers as floats (1.0), found 1.4'],
    [{ ...params, 5: [] }, 'mask needs 1 anchors for each input and anchors_scale a value, found 0 and 1'],
  ])('refuses %o', async (wrong, message) => {
    await expect(runSingle('Yolov3DetectionOutput', wrong, [x])).rejects.toThrow(message)
  })
})
