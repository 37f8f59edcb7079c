module.exports = { injectGlobals: false, setupFilesAfterEnv: ['expect-tensor/jest-globals'] }
