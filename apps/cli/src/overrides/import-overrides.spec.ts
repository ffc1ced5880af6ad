import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Service } from '../service/service.js';
import { importOverrides } from './import-overrides.js';

const PART = 10_000;

describe('an import that breaks off', () => {
  let directory: string;
  let server: Server;
  let statuses: number[] = [];
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sundial-import-'));
    server = createServer((request, response) => {
      const status = statuses.shift() ?? 500;
      request.resume().on('end', () => {
        response.writeHead(status, { 'content-type': 'application/problem+json' });
        response.end(JSON.stringify({ code: 'some-code', detail: 'It is so.', status }));
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  });
  afterAll(async () => {
    server.close();
    await rm(directory, { recursive: true });
  });

  const importing = async (lines: number, answers: number[]) => {
    statuses = answers;
    const file = join(directory, 'overrides.ndjson');
    await writeFile(file, '{}\n'.repeat(lines));
    const service = new Service({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    return importOverrides({ file, reason: undefined, service, progress: () => {} });
  };

  it.each([
    ['a store that fails in the first part', 1, [503], 'Some lines may be in force. Repeating'],
    [
      'a store that fails later',
      PART + 1,
      [200, 503],
      `Lines 1 to ${PART} are in force, and lines after them may be in force. Repeating`,
    ],
    ['a refusal', 1, [403], 'Nothing was imported.'],
    ['a refusal later', PART + 1, [200, 403], `Lines 1 to ${PART} were imported, and none after them.`],
  ])('says what is in force after %s', async (_what, lines, answers, sentence) => {
    await expect(importing(lines, answers)).rejects.toThrow(sentence);
  });
});
