module.exports = { setupFilesAfterEnv: ['expect-tensor/jest'] }
