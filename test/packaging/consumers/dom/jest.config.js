export default {
  testEnvironment: 'jsdom',
  testMatch: ['**/work.jest.cjs'],
  setupFilesAfterEnv: ['expect-tensor/jest'],
}
