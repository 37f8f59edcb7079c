// What ncnn 20261020 refuses when it loads a layer, and what it takes though it looks as odd (asked of the wheel).
import { describe, expect, test } from 'vitest'
import { loadNcnn } from '../../../../../src/runners/ncnn/index.ts'

/** Loads one layer with so many inputs and outputs. */
async function load(type: string, params: string, inputs = 1, outputs = 1): Promise<void> {
  const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`)
  const fed = names('in', inputs)
  const layers = fed.map((name) => `Input ${name} 0 1 ${name}`)
  const own = [type, 'op', inputs, outputs, ...fed, ...names('out', outputs), params].join(' ')
  const param = `7767517\n${inputs + 1} ${inputs + outputs}\n${[...layers, own].join('\n')}\n`
  const model = await loadNcnn({ param, bin: new Uint8Array(0) })
  model.close()
}

describe('refused', () => {
  test.each([
    ['Pooling', '1=2 0=2', 'pooling_type must be 0 to 1, found 2'],
    ['Pooling', '', 'kernel_w must be at least 1, found 0'],
    ['Pooling', '1=2 12=0', 'stride_h must be at least 1, found 0'],
    ['Pooling', '7=1 8=-233 18=0', 'out_h must be at least 1, found 0'],
    ['Pooling1D', '7=1 8=-233', 'out_w must be at least 1, found -233'],
    ['Pooling3D', '1=2 21=0', 'kernel_d must be at least 1, found 0'],
    ['Unfold', '1=2 2=0', 'dilation_w must be at least 1, found 0'],
    ['Permute', '0=24', 'order_type must be 0 to 23, found 24'],
    ['Padding', '4=3', 'type must be 0 to 2, found 3'],
    ['Reorg', '1=2', 'mode must be 0 to 1, found 2'],
    ['Packing', '0=0', 'out_elempack must be at least 1, found 0'],
    ['Interp', '0=4', 'resize_type must be 0 to 3, found 4'],
    ['Reduction', '3=4,', 'axis must be -4 to 3, found 4'],
    ['Squeeze', '3=0,1,2,3,0', 'a blob has 4 axes at most, found axes 0, 1, 2, 3, 0'],
    ['Crop', '9=0, 10=2, 11=4,', 'axis must be -4 to 3, found 4'],
    ['Crop', '11=0,', 'starts, ends and axes must be as many as each other, found 0, 0 and 1'],
    ['Tile', '2=2,0', 'repeats must be at least 1, found 0'],
    ['Spectrogram', '0=4 6=3', 'pad_type must be 0 to 2, found 3'],
    ['InverseSpectrogram', '0=4 1=3', 'returns must be 0 to 2, found 3'],
    ['YoloDetectionOutput', '0=1 1=1 4=1.0,0.0', 'biases must be positive, found 0'],
    ['Yolov3DetectionOutput', '0=1 1=1 4=1.0,1.0 5=0.0,0.0 6=32.0,', 'found 2 and 1'],
    [
      'Yolov3DetectionOutput',
      '0=1 1=1 4=1.0,1.0,1.0 5=0.0, 6=32.0,',
      'biases must be widths and heights, found 3 numbers',
    ],
    ['ReLU', '31=1.0', 'the feature mask (31) must be an integer'],
    ['ReLU', '30=3,2,3', 'must be 4 or 5 integers for each of 1 outputs'],
    ['ReLU', '30=5,2,3,2', 'a rank of 0 to 4'],
    ['ExpandDims', '3=1', 'axes (3) must be a list, found a single number'],
  ])('%s %s', async (type, params, message) => {
    await expect(load(type, params)).rejects.toThrow(message)
  })

  test.each([
    ['Softmax', '', 1, 2, 'has 2 outputs, but Softmax gives 1'],
    ['BinaryOp', '1=1 2=1.0', 2, 1, 'with these parameters it takes 1 input and gives 1 output, found 2 and 1'],
    ['Reshape', '0=2', 2, 1, 'takes 1 input'],
    ['Interp', '0=1 1=2.0', 2, 1, 'takes 1 input'],
    ['Crop', '3=2', 2, 1, 'takes 1 input'],
    ['CopyTo', '9=0,1 11=0,', 2, 1, 'there are 1 axes, but 2 starts'],
    ['GridSample', '0=4', 2, 1, 'sample_type must be 1 to 3, found 4'],
    ['ROIAlign', '0=0 1=1', 2, 1, 'pooled_width must be at least 1, found 0'],
  ])('%s %s of %i inputs and %i outputs', async (type, params, inputs, outputs, message) => {
    await expect(load(type, params, inputs, outputs)).rejects.toThrow(message)
  })
})

describe('taken', () => {
  test.each([
    ['Pooling', '4=1'],
    ['Pooling', '4=1 1=-1 2=0 5=7'],
    ['Pooling', '7=1 8=3 5=7'],
    ['Tile', '2=1,2 1=0'],
    ['Crop', '3=-5'],
    ['YoloDetectionOutput', '0=1 1=1 4=1.0,1.0,0.0'],
    ['Yolov3DetectionOutput', '0=1 1=1 4=1.0,1.0 5=0, 6=32.0,0.0'],
    ['Clip', '0=0,0'],
    ['ReLU', '30=3,2,3,2,1 31=2'],
  ])('%s %s', async (type, params) => {
    await expect(load(type, params)).resolves.toBeUndefined()
  })
})
