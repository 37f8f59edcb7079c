export const exp = Math.exp
export const log1p = Math.log1p
export const tanh = Math.tanh
