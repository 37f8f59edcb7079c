// What the layers above use of the comparison.

export { compareTensors } from './compare-tensors.ts'
export type { Comparison } from './comparison.ts'
export { checkOptions, optionNames } from './options/check-options.ts'
export { didYouMean } from './options/did-you-mean.ts'
export type { CompareOptions } from './options/options.ts'
