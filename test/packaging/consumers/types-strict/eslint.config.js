import { config, configs } from 'typescript-eslint'

export default config({ ignores: ['eslint.config.js'] }, configs.strictTypeChecked, {
  languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
})
