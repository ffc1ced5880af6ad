import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '../config/settings.js';
import { temporaryDirectory, type TemporaryDirectory } from '../../../../test/support/temporary-directory.js';
import { openQuota, type OpenedQuota } from './open-quota.js';

const RULES = 'rules: [{ id: r, resource: ocr, per: [user], limits: [{ window: total-of-none, max: 1 }] }]';
const CHECK = { resource: 'ocr', subject: { user: 'u1' } };

let directory: TemporaryDirectory;
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

async function open(rules: string): Promise<OpenedQuota> {
  const rulesFile = join(directory.path, 'rules.yaml');
  await writeFile(rulesFile, rules);
  return openQuota({
    settings: {
      redis: undefined,
      dataDirectory: join(directory.path, 'data'),
      rulesFile,
      journalSync: 'group',
      deadlineMs: 50,
      batchDeadlineMs: 2_000,
      unknownResource: 'allow',
      clockOffsetMs: 0,
    },
    observer: {},
    files: { writerOf: () => () => undefined, damaged: () => undefined },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
}

describe('an engine that is opened', () => {
  it('keeps its directory to itself until it is closed, and what it counted is there afterwards', async () => {
    const rules = RULES.replace('total-of-none', 'day');
    const first = await open(rules);
    await first.engine.check(CHECK);
    await expect(open(rules)).rejects.toThrow(ConfigurationError);
    await first.close();
    const second = await open(rules);
    expect((await second.engine.usage(CHECK)).limits).toMatchObject([{ used: 1 }]);
    await second.close();
  });

  it('leaves nothing open when a part of it cannot be opened', async () => {
    await expect(open(RULES)).rejects.toThrow(/window/);
    const mended = await open(RULES.replace('total-of-none', 'day'));
    expect((await mended.engine.check(CHECK)).allowed).toBe(true);
    await mended.close();
  });
});
