export default {
  testEnvironment: 'jsdom',
  testMatch: ['**/work.test.js'],
  setupFilesAfterEnv: ['expect-tensor/jest'],
}
