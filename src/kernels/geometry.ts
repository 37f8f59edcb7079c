// Arguments that many kernels have in common.

/** A dense image [channels][h][w]. */
export const image = ['input', 'channels', 'h', 'w'] as const

/** How far a window reaches, how far it moves, and how far apart its taps are. */
export const window = ['kernelH', 'kernelW', 'strideH', 'strideW', 'dilationH', 'dilationW'] as const
