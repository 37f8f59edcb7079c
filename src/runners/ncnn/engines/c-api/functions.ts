// The part of ncnn's C API that a session calls, and what a binding to it offers. Source: Tencent/ncnn, src/c_api.h.

/** An address in the library's memory; 0 is NULL. */
export type Pointer = number | bigint

export type ValueType = 'void' | 'int' | 'size' | 'pointer' | 'text'

/** Result and arguments of every function that a session cannot do without. */
export const signatures = {
  ncnn_version: ['text'],
  ncnn_option_create: ['pointer'],
  ncnn_option_destroy: ['void', 'pointer'],
  ncnn_option_set_num_threads: ['void', 'pointer', 'int'],
  ncnn_net_create: ['pointer'],
  ncnn_net_destroy: ['void', 'pointer'],
  ncnn_net_get_option: ['pointer', 'pointer'],
  ncnn_net_set_option: ['void', 'pointer', 'pointer'],
  ncnn_datareader_create_from_memory: ['pointer', 'pointer'],
  ncnn_datareader_destroy: ['void', 'pointer'],
  ncnn_net_load_param_memory: ['int', 'pointer', 'text'],
  ncnn_net_load_param_bin_datareader: ['int', 'pointer', 'pointer'],
  ncnn_net_load_model_datareader: ['int', 'pointer', 'pointer'],
  ncnn_extractor_create: ['pointer', 'pointer'],
  ncnn_extractor_destroy: ['void', 'pointer'],
  ncnn_extractor_input: ['int', 'pointer', 'text', 'pointer'],
  ncnn_extractor_input_index: ['int', 'pointer', 'int', 'pointer'],
  ncnn_extractor_extract: ['int', 'pointer', 'text', 'pointer'],
  ncnn_extractor_extract_index: ['int', 'pointer', 'int', 'pointer'],
  ncnn_mat_create_1d_elem: ['pointer', 'int', 'size', 'int', 'pointer'],
  ncnn_mat_create_2d_elem: ['pointer', 'int', 'int', 'size', 'int', 'pointer'],
  ncnn_mat_create_3d_elem: ['pointer', 'int', 'int', 'int', 'size', 'int', 'pointer'],
  ncnn_mat_create_4d_elem: ['pointer', 'int', 'int', 'int', 'int', 'size', 'int', 'pointer'],
  ncnn_mat_destroy: ['void', 'pointer'],
  ncnn_mat_get_dims: ['int', 'pointer'],
  ncnn_mat_get_w: ['int', 'pointer'],
  ncnn_mat_get_h: ['int', 'pointer'],
  ncnn_mat_get_d: ['int', 'pointer'],
  ncnn_mat_get_c: ['int', 'pointer'],
  ncnn_mat_get_elemsize: ['size', 'pointer'],
  ncnn_mat_get_elempack: ['int', 'pointer'],
  ncnn_mat_get_cstep: ['size', 'pointer'],
  ncnn_mat_get_data: ['pointer', 'pointer'],
  ncnn_convert_packing: ['void', 'pointer', 'pointer', 'int', 'pointer'],
} as const satisfies Record<string, readonly [ValueType, ...ValueType[]]>

/** The first version of ncnn whose C API has all of them. */
const firstVersion = '20211208'

interface ValueTypes {
  void: undefined
  int: number
  size: number
  pointer: Pointer
  text: string
}

type Arguments<Types> = Types extends readonly [ValueType, ...infer Rest extends readonly ValueType[]]
  ? { -readonly [K in keyof Rest]: ValueTypes[Rest[K]] }
  : never

export type NcnnFunctions = {
  readonly [Name in keyof typeof signatures]: (
    ...values: Arguments<(typeof signatures)[Name]>
  ) => ValueTypes[(typeof signatures)[Name][0]]
}

/** ncnn's C API with the memory it works on: a shared library in this process, or a WebAssembly module. */
export interface NcnnLibrary {
  readonly ncnn: NcnnFunctions
  /** Functions that not every version has, by name and signature; undefined where it does not. */
  optional(
    name: string,
    signature: readonly [ValueType, ...ValueType[]],
  ): ((...values: readonly (number | bigint | string)[]) => unknown) | undefined
  /** Memory of at least that many bytes, aligned for every type. */
  alloc(bytes: number): Pointer
  free(pointer: Pointer): void
  /** The bytes at an address. Valid until the next call: memory that grows moves. */
  view(pointer: Pointer, bytes: number): Uint8Array
  readPointer(pointer: Pointer): Pointer
  writePointer(pointer: Pointer, value: Pointer): void
}

export const isNull = (pointer: Pointer): boolean => Number(pointer) === 0

/** What to say of a library that lacks functions. `what` names it. */
export function explainMissing(what: string, version: string | undefined, missing: readonly string[]): string {
  const found = version === undefined ? 'tells no version' : `is version ${version}`
  const list =
    missing.length > 4 ? `${missing.slice(0, 4).join(', ')} and ${missing.length - 4} more` : missing.join(', ')
  return (
    `${what} ${found} and lacks ${list}. ` +
    `Needed is ncnn ${firstVersion} or newer, built with its C API (NCNN_C_API, NCNN_STRING and NCNN_STDIO are on by default)`
  )
}
