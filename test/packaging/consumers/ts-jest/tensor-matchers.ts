import 'expect-tensor/jest'
