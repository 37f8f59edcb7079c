// Requantize: int32 sums become int8.
import { floats, int } from '../../../params.ts'
import { raw } from '../../../weights.ts'
import { defineLayer } from '../layer.ts'
import { forEachChannel, perChannel } from '../operations/channel-values.ts'
import { scalesAtOnce } from '../operations/convolution/int8-on-arm.ts'
import { activate, type FusedActivation, fusedActivation } from '../operations/fused-activation.ts'
import type { ArmLayout } from '../precision/arm-layout.ts'
import { toInt8 } from '../precision/int8.ts'

/** y = int8(activation(x * scale_in + bias) * scale_out), for x of int32. */
export const Requantize = defineLayer({
  type: 'Requantize',
  binaryId: 63,
  inputs: '1',
  elements: { reads: 'int32', writes: 'int8' },
  stores16: false,
  params: {
    scale_in_data_size: int(0, 1),
    scale_out_data_size: int(1, 1),
    bias_data_size: int(2),
    activation_type: int(3),
    activation_params: floats(4),
  },
  weights: ({ scale_in_data_size, scale_out_data_size, bias_data_size }) => ({
    scale_in_data: raw(scale_in_data_size),
    scale_out_data: raw(scale_out_data_size),
    bias_data: bias_data_size ? raw(bias_data_size) : undefined,
  }),
  forward([x], { params, weights, simulatesArm, layout }, workspace) {
    const y = workspace.alloc(x.shape, 'int8')
    const activation = fusedActivation(params)
    const scaleInOf = perChannel(weights.scale_in_data.data, 1, x, 'scale_in_data')
    const scaleOutOf = perChannel(weights.scale_out_data.data, 1, x, 'scale_out_data')
    const biasOf = perChannel(weights.bias_data?.data, 0, x, 'bias_data')
    const [source, target] = [x.data, y.data]
    if (simulatesArm && workspace.float === 'float32') {
      const channelOf = firstOfBlock(x.shape, layout)
      forEachChannel(x, (channel, start, end) => {
        const c = channelOf(channel)
        const numbers = { scaleIn: scaleInOf(c), scaleOut: scaleOutOf(c), bias: biasOf(c) }
        for (let i = start; i < end; i++) target[i] = requantizeOnArm(source[i], numbers, activation)
      })
      return y
    }
    forEachChannel(x, (channel, start, end) => {
      const [scaleIn, scaleOut, bias] = [scaleInOf(channel), scaleOutOf(channel), biasOf(channel)]
      for (let i = start; i < end; i++) {
        const value = activate(Math.fround(Math.fround(source[i] * scaleIn) + bias), activation)
        target[i] = toInt8(Math.fround(Math.fround(value) * scaleOut))
      }
    })
    return y
  },
})

/** ncnn's ARM code reads the scales and the bias of the first of four channels for all of a block of four. */
function firstOfBlock(shape: readonly number[], { packing }: ArmLayout): (channel: number) => number {
  const inFours = packing && shape.length > 1 && shape[0] % 4 === 0
  return inFours ? (channel) => channel - (channel % 4) : (channel) => channel
}

function requantizeOnArm(
  sum: number,
  { scaleIn, scaleOut, bias }: { readonly scaleIn: number; readonly scaleOut: number; readonly bias: number },
  activation: FusedActivation,
): number {
  const x = Math.fround(sum)
  if (scalesAtOnce(activation)) {
    const value = Math.fround(x * Math.fround(scaleIn * scaleOut) + Math.fround(bias * scaleOut))
    return toInt8(Math.fround(activate(value, activation)))
  }
  const value = activate(Math.fround(x * scaleIn + bias), activation)
  return toInt8(Math.fround(Math.fround(value) * scaleOut))
}
