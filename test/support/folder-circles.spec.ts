import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { folderCircles } from '../../scripts/folder-circles.mjs';
import { temporaryDirectory, type TemporaryDirectory } from './temporary-directory.js';

let directory: TemporaryDirectory;
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

/** What is said of a package with these files, by file. */
async function messages(
  files: Readonly<Record<string, string>>,
  ground: readonly string[] = [],
): Promise<Record<string, string[]>> {
  for (const [path, text] of Object.entries(files)) {
    const file = join(directory.path, 'src', path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  const eslint = new ESLint({
    cwd: directory.path,
    overrideConfigFile: true,
    overrideConfig: {
      files: ['**/*.ts'],
      languageOptions: { parser: tseslint.parser },
      plugins: { folders: folderCircles },
      rules: { 'folders/acyclic': ['error', { ground }] },
    },
  });
  const results = await eslint.lintFiles(['src']);
  return Object.fromEntries(
    results
      .filter(({ messages }) => messages.length > 0)
      .map(({ filePath, messages }) => [
        filePath.slice(join(directory.path, 'src').length + 1),
        messages.map(({ message }) => message),
      ]),
  );
}

describe('folders of a package', () => {
  it('may import one another as long as nothing leads back', async () => {
    const files = {
      'main.ts': "import './check/check.js';",
      'check/check.ts': "import '../http/keys/key.js';\nimport './body.js';",
      'check/body.ts': "import '../http/bounds.js';",
      'http/keys/key.ts': "import '../bounds.js';",
      'http/bounds.ts': "import 'node:fs';",
    };
    expect(await messages(files, ['http'])).toEqual({});
  });

  it('do not import each other, also over a third one and only for types', async () => {
    const files = {
      'check/check.ts': "import { rule } from '../rules/rule.js';",
      'rules/rule.ts': "import type { Usage } from '../usage/usage.js';",
      'usage/usage.ts': "import {\n  check,\n} from '../check/check.js';",
      'usage/usage.docs.ts': "import { usage } from './usage.js';",
    };
    expect(await messages(files)).toEqual({
      'check/check.ts': [expect.stringContaining('check → rules → usage → check.')],
      'rules/rule.ts': [expect.stringContaining('rules → usage → check → rules.')],
      'usage/usage.ts': [expect.stringContaining('usage → check → rules → usage.')],
    });
  });

  it('do not import the folder that they lie in where that imports them', async () => {
    const files = {
      'http/server.ts': "export * from './keys/key.js';",
      'http/keys/key.ts': "import '../bounds.js';",
      'http/bounds.ts': '',
    };
    expect(Object.keys(await messages(files))).toEqual(['http/keys/key.ts', 'http/server.ts']);
  });

  it('that are ground import no feature', async () => {
    const files = {
      'http/keys/key.ts': "import '../../check/check.js';\nimport '../../config/settings.js';",
      'config/settings.ts': '',
      'check/check.ts': '',
    };
    expect(await messages(files, ['config', 'http'])).toEqual({
      'http/keys/key.ts': [expect.stringContaining('http/keys is ground')],
    });
  });

  it('are not bound by what their specs import', async () => {
    const files = {
      'check/check.spec.ts': "import '../rules/rule.js';",
      'check/check.ts': '',
      'rules/rule.ts': "import '../check/check.js';",
    };
    expect(await messages(files)).toEqual({});
  });

  it('may be exported by an entry point of the package, beside which lies what they import', async () => {
    const files = {
      'index.ts': "export * from './rules/rule.js';",
      'bounds.ts': '',
      'rules/rule.ts': "import '../bounds.js';",
    };
    expect(await messages(files)).toEqual({});
  });

  it('do not import the entry point that exports them', async () => {
    const files = {
      'index.ts': "export * from './rules/rule.js';",
      'rules/rule.ts': "import '../index.js';",
    };
    expect(await messages(files)).toEqual({
      'index.ts': [expect.stringContaining('index.ts → rules → index.ts.')],
      'rules/rule.ts': [expect.stringContaining('rules → index.ts → rules.')],
    });
  });
});
