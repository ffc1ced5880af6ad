import tseslint from 'typescript-eslint';

/** Which package a folder may import: dependencies point one way (docs: ARCHITECTURE.md, "Layers"). */
const forbid = (...patterns) => ({
  'no-restricted-imports': ['error', { patterns: patterns.map(([group, message]) => ({ group, message })) }],
});
const NO_IOREDIS = [['ioredis'], 'Only redis-*.ts files talk to Redis.'];
const NO_NEST = [['@nestjs/*', 'fastify', '@fastify/*'], 'The engine knows neither Nest nor HTTP.'];
const NO_UP = [['@sundial/nest', '@sundial/quota-service'], 'Dependencies point from apps to libs.'];

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/data/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    languageOptions: {
      parserOptions: {
        project: [
          './lua/tsconfig.json',
          './libs/*/tsconfig.json',
          './apps/*/tsconfig.json',
          './examples/*/tsconfig.json',
          './bench/tsconfig.json',
          './test/tsconfig.json',
        ],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
      complexity: ['error', 15],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['libs/engine/src/**/*.ts'],
    rules: forbid(NO_NEST, NO_UP, NO_IOREDIS, [['@sundial/client'], 'The engine knows no client.']),
  },
  {
    files: ['libs/engine/src/**/redis-*.ts'],
    rules: forbid(NO_NEST, NO_UP, [['@sundial/client'], 'The engine knows no client.']),
  },
  {
    files: ['libs/client/src/**/*.ts'],
    rules: forbid(NO_NEST, NO_UP, NO_IOREDIS, [['@sundial/lua'], 'The client speaks HTTP.']),
  },
  {
    files: ['libs/nest/src/**/*.ts'],
    rules: forbid(NO_IOREDIS, [['@sundial/lua', '@sundial/quota-service'], 'libs/nest stands on the engine.']),
  },
  {
    files: ['apps/quota-service/src/**/*.ts'],
    rules: forbid(NO_IOREDIS, [['@sundial/lua'], 'Only the engine runs scripts.']),
  },
  {
    files: ['**/*.spec.ts', 'test/**/*.ts', 'bench/**/*.ts'],
    rules: { 'max-lines-per-function': 'off', 'no-console': 'off', 'no-restricted-imports': 'off' },
  },
);
