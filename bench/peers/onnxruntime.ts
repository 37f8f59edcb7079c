// onnxruntime-web and onnxruntime-node as peers: a convolution as an ONNX model, on one thread.
import { concatenate } from '../../src/files/format.ts'
import { bytesField, numberField } from '../../src/runners/onnx/wire.ts'
import { initializer, onnxModel, value } from '../../test/runners/onnx/onnx-model.ts'
import type { ConvolutionCase } from '../convolutions.ts'
import type { ConvolutionPeer } from './convolution-peer.ts'
import { importPeer } from './import-peer.ts'

interface OnnxRuntime {
  readonly env: { readonly wasm: { numThreads?: number }; readonly versions: { readonly common: string } }
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> }
  readonly Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => OnnxTensor
}

interface OnnxTensor {
  readonly data: Float32Array
}

interface Session {
  run(inputs: Readonly<Record<string, OnnxTensor>>): Promise<Readonly<Record<string, OnnxTensor>>>
}

/** Undefined when the package is not there. */
export async function onnxRuntimePeer(
  name: 'onnxruntime-web' | 'onnxruntime-node',
): Promise<ConvolutionPeer | undefined> {
  const runtime = (await importPeer(name)) as OnnxRuntime | undefined
  if (runtime === undefined) return undefined
  runtime.env.wasm.numThreads = 1
  return {
    name,
    version: runtime.env.versions.common,
    async prepare(convolution) {
      const options = {
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        executionProviders: [name.endsWith('web') ? 'wasm' : 'cpu'],
      }
      const session = await runtime.InferenceSession.create(onnxConvolution(convolution), options)
      const x = new runtime.Tensor('float32', convolution.input.data as Float32Array, [1, ...convolution.input.shape])
      return { run: async () => (await session.run({ x })).y.data }
    },
  }
}

const intsAttribute = (name: string, numbers: readonly number[]): Uint8Array =>
  concatenate([bytesField(1, name), ...numbers.map((number) => numberField(8, number)), numberField(20, 7)])

const intAttribute = (name: string, number: number): Uint8Array =>
  concatenate([bytesField(1, name), numberField(3, number), numberField(20, 2)])

function onnxConvolution(convolution: ConvolutionCase): Uint8Array {
  const { channels, outputs, size, kernel, stride, dilation, pad, group, weights, bias, input } = convolution
  const each = (number: number) => size.map(() => number)
  const attributes = [
    intsAttribute('kernel_shape', each(kernel)),
    intsAttribute('strides', each(stride)),
    intsAttribute('dilations', each(dilation)),
    intsAttribute('pads', [...each(pad), ...each(pad)]),
    intAttribute('group', group),
  ]
  return onnxModel({
    nodes: [{ op: 'Conv', inputs: ['x', 'w', 'b'], outputs: ['y'], attributes }],
    inputs: [value('x', 'float32', [1, ...input.shape])],
    outputs: [value('y', 'float32')],
    initializers: [
      initializer('w', 'float32', [outputs, channels / group, ...each(kernel)], weights),
      initializer('b', 'float32', [outputs], bias),
    ],
  })
}
