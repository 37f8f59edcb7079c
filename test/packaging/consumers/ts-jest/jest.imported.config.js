module.exports = {
  transform: { '^.+\\.ts$': ['ts-jest', { tsconfig: 'tsconfig.imported.json' }] },
  setupFilesAfterEnv: ['./tensor-matchers.ts'],
}
