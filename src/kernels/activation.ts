// Activations, alone or fused into products and convolutions.

/**
 * Activations, alone or fused into GEMM and convolution, with the meaning of their parameters `(a, b)`.
 * 0 to 6 are ncnn's `activation_type`; each is computed in the steps of ncnn's plain layer of that name.
 */
export const Activation = {
  none: 0,
  /** max(x, 0); NaN becomes 0, as in ncnn's fused activation. The layer ReLU, which keeps NaN, is `clip` with (0, Infinity). */
  relu: 1,
  /** a = slope */
  leakyRelu: 2,
  /** a = min, b = max */
  clip: 3,
  /** input limited to +-88.376 as in ncnn */
  sigmoid: 4,
  mish: 5,
  /** a = alpha, b = beta */
  hardSwish: 6,
  /** a = alpha, b = beta */
  hardSigmoid: 7,
  tanh: 8,
  gelu: 9,
  /** the tanh form of GELU (`fast_gelu`) */
  fastGelu: 10,
  swish: 11,
  /** a = alpha */
  elu: 12,
  /** a = alpha, b = lambda */
  selu: 13,
  /** a = alpha */
  celu: 14,
  softplus: 15,
  bnll: 16,
  erf: 17,
  /** a = bias, b = lambd */
  shrink: 18,
  /** a = threshold: 1 above it, else 0 */
  threshold: 19,
} as const

/** The arguments of kernels that end in an activation. */
export const fusedActivation = ['activation', 'activationA', 'activationB'] as const

/** An activation that is left out. */
export const noActivation = { activation: Activation.none, activationA: 0, activationB: 0 } as const
