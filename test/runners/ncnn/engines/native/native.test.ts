// The shared library where NCNN_LIBRARY names one, and what the engine says where there is none.
import { describe, expect, test } from 'vitest'
import { libraryNames } from '../../../../../src/runners/ncnn/engines/native/library-names.ts'
import { loadNcnn, nativeEngine } from '../../../../../src/runners/ncnn/index.ts'
import { diamond, testRealEngine } from '../real/model-suite.ts'

const files = { param: diamond, bin: new Uint8Array(0) }
const library = process.env.NCNN_LIBRARY
const why = library ? '' : ' [skipped: NCNN_LIBRARY names no library]'

describe.skipIf(!library)(`in a process of its own${why}`, () => {
  testRealEngine(() => nativeEngine())
})

describe.skipIf(!library)(`in this process${why}`, () => {
  testRealEngine(() => nativeEngine({ isolate: false }))
})

describe('where to look for the library', () => {
  test('only where the user says', () => {
    expect(libraryNames('/a/libncnn.so', 'linux', { NCNN_LIBRARY: '/b/libncnn.so' })).toEqual(['/a/libncnn.so'])
    expect(libraryNames(undefined, 'linux', { NCNN_LIBRARY: '/b/libncnn.so' })).toEqual(['/b/libncnn.so'])
  })

  test("else under the platform's name, and in Homebrew's folder", () => {
    expect(libraryNames(undefined, 'win32', {})).toEqual(['ncnn.dll'])
    expect(libraryNames(undefined, 'linux', {}).slice(0, 2)).toEqual(['libncnn.so', 'libncnn.so.1'])
    expect(libraryNames(undefined, 'darwin', { HOMEBREW_PREFIX: '/opt/homebrew' })).toEqual([
      'libncnn.dylib',
      '/opt/homebrew/lib/libncnn.dylib',
      '/usr/local/lib/libncnn.dylib',
      '/home/linuxbrew/.linuxbrew/lib/libncnn.dylib',
    ])
  })
})

describe.each([true, false])('with isolate: %s', (isolate) => {
  test('a library that is not there', async () => {
    const engine = nativeEngine({ library: '/nowhere/libncnn.so', isolate })
    await expect(loadNcnn(files, { engine })).rejects.toThrow(
      /^loadNcnn: found no shared library of ncnn's:\n {2}\/nowhere\/libncnn\.so: .*\nName it: nativeEngine/,
    )
  })

  test.runIf(process.platform === 'linux')("a library that is not ncnn's", async () => {
    const engine = nativeEngine({ library: 'libc.so.6', isolate })
    await expect(loadNcnn(files, { engine })).rejects.toThrow(
      /^libc\.so\.6 tells no version and lacks ncnn_version, .* and 30 more\. Needed is ncnn 20211208 or newer/,
    )
  })
})
