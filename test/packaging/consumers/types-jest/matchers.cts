import tensor = require('expect-tensor')

import 'expect-tensor/jest'

expect.extend(tensor.tensorMatchers)
expect([0.1]).toMatchTensor([0.1], { atol: 1e-3 })
