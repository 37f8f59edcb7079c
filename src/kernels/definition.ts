// What defines a kernel: the names of its arguments, in the order in which the WebAssembly module takes them.

/** One export of a module. */
export interface Kernel<
  Names extends readonly string[] = readonly string[],
  Optional extends string = string,
  Gives extends 'nothing' | 'number' = 'nothing' | 'number',
> {
  /** As in the AssemblyScript function of this kernel, which a test compares. */
  readonly names: Names
  /** What arguments are when a call leaves them out. */
  readonly defaults: Readonly<Record<Optional, number>>
  readonly gives: Gives
}

/** The arguments of a call, by name. */
export type Arguments<K> =
  K extends Kernel<infer Names, infer Optional>
    ? { readonly [N in Exclude<Names[number], Optional>]: number } & { readonly [N in Optional]?: number }
    : never

type Result<K extends Kernel> = K['gives'] extends 'number' ? number : undefined

/** Kernels as they are called: with one object of named arguments, or none at all. */
export type Callable<Kernels extends Readonly<Record<string, Kernel>>> = {
  readonly [K in keyof Kernels]: Kernels[K]['names'] extends readonly []
    ? () => Result<Kernels[K]>
    : (call: Arguments<Kernels[K]>) => Result<Kernels[K]>
}

/** What a module exports: the same kernels with positional arguments. */
export type Exports<Kernels extends Readonly<Record<string, Kernel>>> = {
  readonly [K in keyof Kernels]: (...numbers: Numbers<Kernels[K]['names']>) => Result<Kernels[K]>
}

type Numbers<Names extends readonly string[]> = { readonly [I in keyof Names]: number }

/** A kernel that works in memory. */
export function kernel<const Names extends readonly string[], Optional extends Names[number] = never>(
  names: Names,
  defaults = {} as Readonly<Record<Optional, number>>,
): Kernel<Names, Optional, 'nothing'> {
  return { names, defaults, gives: 'nothing' }
}

/** A kernel that gives a number. */
export function measure<const Names extends readonly string[]>(names: Names): Kernel<Names, never, 'number'> {
  return { names, defaults: {}, gives: 'number' }
}

/** The arguments of a call in the order of the export's parameters. */
export function inOrder({ names, defaults }: Kernel, call: Readonly<Record<string, number | undefined>>): number[] {
  return names.map((name) => call[name] ?? defaults[name])
}
