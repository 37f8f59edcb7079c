export default { setupFilesAfterEnv: ['expect-tensor/jest'] }
