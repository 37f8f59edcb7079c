export default {
  testMatch: ['<rootDir>/voiceprint.jest.cjs'],
  setupFilesAfterEnv: ['expect-tensor/jest'],
}
