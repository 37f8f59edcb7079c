// What the layers above use of the comparison.
export { checkOptions, optionNames } from './check-options.ts'
export { compareTensors } from './compare-tensors.ts'
export type { Comparison } from './comparison.ts'
export { didYouMean } from './did-you-mean.ts'
export type { CompareOptions } from './options.ts'
