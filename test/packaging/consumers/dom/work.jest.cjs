const work = require('./work.cjs')

test('models, files, snapshots of fetched bytes', () =>
  work({ ...require('expect-tensor/files'), ...require('expect-tensor/ncnn'), expect }))
