module.exports = {
  setupFilesAfterEnv: ['expect-tensor/jest'],
  reporters: ['default', 'expect-tensor/jest-reporter'],
}
