// Turns relaxed SIMD on in Node 20, which has it behind a flag; later releases have it anyhow, and stop at flags that they do not know.
import v8 from 'node:v8'

if (process.version.startsWith('v20.')) v8.setFlagsFromString('--experimental-wasm-relaxed-simd')
