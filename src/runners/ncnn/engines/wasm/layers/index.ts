// The table of all layer types that the built-in engine executes. A new layer type is one definition and its export here.
import type { AnyLayerType } from '../layer.ts'
import * as gemm from './gemm.ts'
import * as innerProduct from './inner-product.ts'
import * as matmul from './matmul.ts'
import * as passThrough from './pass-through.ts'
import * as recurrent from './recurrent.ts'

const families: readonly Readonly<Record<string, AnyLayerType>>[] = [matmul, gemm, innerProduct, passThrough, recurrent]

/** Layer types by ncnn's name. A family exports nothing but its layer types. */
export const layerTypes: ReadonlyMap<string, AnyLayerType> = new Map(
  families.flatMap((family) => Object.values(family)).map((layer) => [layer.type, layer]),
)
