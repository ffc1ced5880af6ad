import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { QuotaClient } from '@sundial/client';
import { MisbehavingServers } from '../../clients/misbehaving-server.mjs';
import { exitOf, spawnGuarded } from '../support/guarded-process.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';

const PROGRAM = fileURLToPath(new URL('../support/offline-client.ts', import.meta.url));
const PRELOAD = fileURLToPath(new URL('../../scripts/run-typescript.mjs', import.meta.url));

let directory: TemporaryDirectory;
let servers: MisbehavingServers;

beforeEach(async () => {
  directory = await temporaryDirectory();
  servers = await MisbehavingServers.start(['refuses-connections', [{}]]);
});
afterEach(async () => {
  await servers.stop();
  await directory.remove();
});

/** What the program was answered until it was killed. */
async function killedAfter(count: number, file: string): Promise<readonly string[]> {
  const args = ['--import', PRELOAD, PROGRAM, `http://${servers.origins[0]}`, file];
  const child = spawnGuarded(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (text.split('\n').length > count) child.kill('SIGKILL');
  });
  await exitOf(child);
  return text.split('\n').slice(0, -1);
}

describe('a client with a journal file that is killed (kill -9) while its service is away', () => {
  it('has lost no operation that it answered: the next one delivers them all, each once', async () => {
    const file = join(directory.path, 'journal.ndjson');
    const answered = [...(await killedAfter(200, file)), ...(await killedAfter(150, file))];
    expect(answered.length).toBeGreaterThanOrEqual(350);

    const next = new QuotaClient({ url: `http://${servers.origins[1]}`, journal: { file } });
    await expect(next.flush({ timeoutMs: 10_000 })).resolves.toMatchObject({ pending: 0 });
    await next.close();
    for (const operationId of answered) expect(servers.counted).toContain(operationId);
    const reported = servers.reports.map(({ operationId }) => operationId);
    expect(new Set(reported).size).toBe(reported.length);
    // At most the one that each process had decided and not been able to say.
    expect(reported.length - answered.length).toBeLessThanOrEqual(2 * 64);
    expect(readFileSync(file, 'utf8').length).toBeGreaterThan(0);
  });
});
