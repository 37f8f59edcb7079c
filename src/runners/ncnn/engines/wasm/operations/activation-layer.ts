// What all activation layers of one element are: in float32 each takes the steps of ncnn's plain layer; in float64 it is the
// mathematical function, without the limits that keep those steps from overflowing.
import { Activation } from '../../../../../kernels/ncnn.ts'
import type { ParamSpecs, ParamValues } from '../../../params.ts'
import { type AnyLayerType, defineLayer, type LayerType } from '../layer.ts'
import { checkFloat, mapElements } from './elementwise.ts'
import { activateHalves } from './half-activation.ts'

type Declaration<P extends ParamSpecs> = Pick<LayerType<'1', P>, 'type' | 'binaryId' | 'stores16' | 'params' | 'check'>

interface ActivationDefinition<P extends ParamSpecs> extends Declaration<P> {
  /** The kernel for float32, with its constants a and b. */
  readonly kernel: (params: ParamValues<P>) => readonly [kind: number, a?: number, b?: number]
  readonly f: (x: number, params: ParamValues<P>) => number
}

/** Declares a layer y = f(x). */
export function activation<P extends ParamSpecs>({ kernel, f, ...declaration }: ActivationDefinition<P>): AnyLayerType {
  return defineLayer({
    ...declaration,
    inputs: '1',
    elements: 'float32',
    forward([x], { params, sumsInHalf, storage16, layout }, workspace) {
      const [kind, a = 0, b = 0] = kernel(params)
      // ncnn multiplies by the slope of a ReLU in float16 wherever it stores that.
      const inHalf = sumsInHalf || (kind === Activation.leakyRelu && storage16 === 'float16')
      if (inHalf && workspace.float === 'float32') {
        checkFloat(x, workspace)
        const y = workspace.reuse(x)
        activateHalves(x, { type: kind, a, b }, layout, y, workspace)
        return y
      }
      return mapElements(
        x,
        workspace,
        (value) => f(value, params),
        (input, output, n) =>
          workspace.kernels.activate({ activation: kind, input, output, n, activationA: a, activationB: b }),
      )
    },
  })
}
