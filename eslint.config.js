import tseslint from 'typescript-eslint';
import { folderCircles } from './scripts/folder-circles.mjs';

const UP = 'Dependencies point one way (ARCHITECTURE.md, "Layers").';
const NO_HTTP = { regex: '^(@nestjs|@fastify)/|^fastify$', message: 'Only apps and libs/nest know Nest.' };
const NO_IOREDIS = { regex: '^ioredis', message: 'Only libs/redis talks to Redis.' };
const NO_OTHER_FOLDER = { regex: '^\\.{1,2}/(.*/)?(src|dist)/', message: 'Import a package by its name.' };
const NO_STORE = {
  regex: '^@sundial/(engine|redis)$',
  importNamePattern: '^((Redis|Memory|File)[A-Z]|connectRedis$)',
  allowTypeImports: true,
  message: 'Only libs/embedded chooses stores.',
};

/** No package of Sundial but these. */
const sundialOnly = (...names) => ({
  regex: `^@sundial/(?!(${names.join('|') || '-'})(/|$))`,
  message: UP,
});

/** Which imports each layer does without (ARCHITECTURE.md, "Layers"); of two entries for a file the later counts. */
const layers = Object.entries({
  'lua/src/**/*.ts': [NO_HTTP, NO_IOREDIS, sundialOnly()],
  'libs/contract/src/**/*.ts': [{ regex: '^[^.]', message: 'The contract has no dependencies.' }],
  'libs/engine/src/**/*.ts': [NO_HTTP, NO_IOREDIS, sundialOnly('contract')],
  'libs/redis/src/**/*.ts': [NO_HTTP, sundialOnly('contract', 'engine', 'lua')],
  'libs/resilience/src/**/*.ts': [NO_HTTP, NO_IOREDIS, sundialOnly('contract', 'engine')],
  'libs/embedded/src/**/*.ts': [
    NO_HTTP,
    NO_IOREDIS,
    sundialOnly('contract', 'engine', 'redis', 'resilience'),
  ],
  'libs/receipts/src/**/*.ts': [NO_HTTP, NO_IOREDIS, sundialOnly('contract')],
  'libs/ledger/src/**/*.ts': [NO_HTTP, NO_IOREDIS, sundialOnly('contract')],
  'libs/tracing/src/**/*.ts': [NO_HTTP, NO_IOREDIS, sundialOnly('contract')],
  'libs/client/src/**/*.ts': [NO_HTTP, NO_IOREDIS, sundialOnly('contract', 'receipts', 'tracing')],
  'libs/nest/src/**/*.ts': [NO_IOREDIS, sundialOnly('contract', 'tracing')],
  'libs/nest/src/embedded/open-embedded.ts': [NO_IOREDIS, sundialOnly('contract', 'embedded', 'tracing')],
  'apps/*/src/**/*.ts': [
    NO_IOREDIS,
    NO_STORE,
    sundialOnly('contract', 'engine', 'redis', 'embedded', 'receipts', 'ledger', 'tracing', 'nest'),
  ],
  'apps/cli/src/**/*.ts': [NO_HTTP, NO_IOREDIS, sundialOnly('contract', 'client')],
  'apps/cli/src/doctor/examine-redis.ts': [NO_HTTP, NO_IOREDIS, sundialOnly('contract', 'redis')],
  'examples/*/src/**/*.ts': [NO_IOREDIS],
  'bench/src/**/*.ts': [],
  '{lua,libs/*,apps/*,examples/*,bench}/src/**/*.spec.ts': [],
}).map(([files, forbidden]) => ({
  files: [files],
  rules: { 'no-restricted-imports': ['error', { patterns: [...forbidden, NO_OTHER_FOLDER] }] },
}));

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/cjs/**',
      '**/node_modules/**',
      '**/data/**',
      '**/coverage/**',
      '**/*.gen.d.ts',
    ],
  },
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
    files: ['**/*.ts', '**/*.tsx'],
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
    // The page runs in browsers: it shares nothing with the service but the OpenAPI document. Its pages are loaded when they are shown,
    // and what they show is long.
    files: ['apps/console/src/**/*.{ts,tsx}'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'max-lines-per-function': ['error', { max: 90, skipBlankLines: true, skipComments: true }],
      'no-restricted-imports': ['error', { patterns: [{ regex: '^(@sundial/|node:)', message: UP }] }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
        {
          selector: 'JSXAttribute[name.name="dangerouslySetInnerHTML"]',
          message: 'Texts of others are text.',
        },
      ],
    },
  },
  {
    // No two folders of a package import each other (ARCHITECTURE.md, "Layers").
    files: ['{lua,libs/*,apps/*,examples/*,bench}/src/**/*.ts'],
    plugins: { folders: folderCircles },
    rules: { 'folders/acyclic': 'error' },
  },
  {
    // Nor does the ground of the service know a feature.
    files: ['apps/quota-service/src/**/*.ts'],
    rules: { 'folders/acyclic': ['error', { ground: ['logging', 'config', 'http'] }] },
  },
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
