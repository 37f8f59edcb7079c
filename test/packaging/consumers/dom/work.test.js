import * as files from 'expect-tensor/files'
import * as ncnn from 'expect-tensor/ncnn'
import work from './work.cjs'

test('models, files, snapshots of fetched bytes', () => work({ ...files, ...ncnn, expect }))
