import tseslint from 'typescript-eslint';

const UP = 'Dependencies point one way: apps, libs/engine, libs/contract; libs/nest and libs/client know the contract only.';
const NO_HTTP = {
  regex: '^(@nestjs|@fastify)/|^fastify$',
  message: 'The engine and the client know no Nest.',
};
const NO_IOREDIS = { regex: '^ioredis', message: 'Only redis-*.ts of the engine talks to Redis.' };
const NO_SCRIPTS = { regex: '^@sundial/lua', message: 'Only the engine runs scripts.' };
const NO_APPS = { regex: '^@sundial/(quota-service|bench)', message: UP };
const NO_NEST = { regex: '^@sundial/nest', message: UP };
const NO_CLIENT = { regex: '^@sundial/client', message: 'The engine knows no client.' };
const NO_ENGINE = { regex: '^@sundial/engine', message: UP };
const NOTHING_ELSE = { regex: '^[^.]', message: 'The contract has no dependencies.' };
const NO_STORE = {
  regex: '^@sundial/engine',
  importNamePattern: '^((Redis|Memory|File)[A-Z]|connectRedis$)',
  allowTypeImports: true,
  message: 'Only app.module.ts chooses stores.',
};
const NO_OTHER_FOLDER = { regex: '^\\.{1,2}/(.*/)?(src|dist)/', message: 'Import a package by its name.' };

/** Which imports each layer does without (ARCHITECTURE.md, "Layers"); of two entries for a file the later counts. */
const layers = Object.entries({
  'libs/contract/src/**/*.ts': [NOTHING_ELSE],
  'lua/src/**/*.ts': [NO_HTTP, NO_IOREDIS, NO_ENGINE, NO_CLIENT, NO_NEST, NO_APPS],
  'libs/engine/src/**/*.ts': [NO_HTTP, NO_IOREDIS, NO_CLIENT, NO_NEST, NO_APPS],
  'libs/engine/src/**/redis-*.ts': [NO_HTTP, NO_CLIENT, NO_NEST, NO_APPS],
  'libs/client/src/**/*.ts': [NO_HTTP, NO_IOREDIS, NO_SCRIPTS, NO_ENGINE, NO_NEST, NO_APPS],
  'libs/nest/src/**/*.ts': [NO_IOREDIS, NO_SCRIPTS, NO_ENGINE, NO_CLIENT, NO_APPS],
  'apps/*/src/**/*.ts': [NO_IOREDIS, NO_SCRIPTS, NO_STORE],
  'apps/*/src/app.module.ts': [NO_IOREDIS, NO_SCRIPTS],
  'examples/*/src/**/*.ts': [NO_IOREDIS, NO_SCRIPTS, NO_APPS],
  'bench/src/**/*.ts': [],
  '{lua,libs/*,apps/*,examples/*,bench}/src/**/*.spec.ts': [],
}).map(([files, forbidden]) => ({
  files: [files],
  rules: { 'no-restricted-imports': ['error', { patterns: [...forbidden, NO_OTHER_FOLDER] }] },
}));

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/data/**', '**/coverage/**'] },
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
      complexity: ['error', 15],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
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
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
        { selector: 'ClassDeclaration[abstract=true]', message: 'Composition only: no abstract classes.' },
        { selector: 'ImportExpression', message: 'A dynamic import hides a dependency from the layers.' },
      ],
    },
  },
  ...layers,
  {
    files: ['**/*.spec.ts', 'test/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      'no-console': 'off',
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'CallExpression > MemberExpression[object.name=/^(it|test|describe)$/][property.name=/^(skip|only|todo)$/]',
          message: 'Every test runs, always.',
        },
        {
          selector: 'CallExpression[callee.name=/^(x|f)(it|test|describe)$/]',
          message: 'Every test runs, always.',
        },
      ],
    },
  },
  { files: ['bench/**/*.ts'], rules: { 'max-lines-per-function': 'off', 'no-console': 'off' } },
);
