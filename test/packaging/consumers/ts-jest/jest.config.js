module.exports = { preset: 'ts-jest', setupFilesAfterEnv: ['expect-tensor/jest'] }
