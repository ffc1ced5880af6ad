import { readFileSync, writeFileSync } from 'node:fs';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { QuotaClient } from '@sundial/client';
import { MisbehavingServers } from '../../clients/misbehaving-server.mjs';
import { eventually } from '../support/eventually.js';
import { exitOf, spawnGuarded } from '../support/guarded-process.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';

const PROGRAM = fileURLToPath(new URL('../support/offline-client.ts', import.meta.url));
const ENDING_PROGRAM = fileURLToPath(new URL('../support/ending-client.ts', import.meta.url));
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

function begin(
  program: string,
  file: string,
): { readonly child: ChildProcess; output: string; errors: string } {
  const args = ['--import', PRELOAD, program, `http://${servers.origins[0]}`, file];
  const child = spawnGuarded(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const begun = { child, output: '', errors: '' };
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (begun.output += chunk));
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (begun.errors += chunk));
  return begun;
}

describe('a program that ends while its service is away', () => {
  it('ends at once, with nothing to say, and what it decided is in the journal file', async () => {
    const file = join(directory.path, 'journal.ndjson');
    const program = begin(ENDING_PROGRAM, file);
    await expect(exitOf(program.child)).resolves.toBe(0);
    expect(program.errors).toBe('');
    const answered = program.output.trimEnd().split('\n');
    expect(answered).toHaveLength(2);
    expect(readFileSync(file, 'utf8')).toContain(answered[1]);
  });
});

describe('several processes that are given one journal file', () => {
  it('share it never: one has it, also where a process that was killed had it before', async () => {
    const file = join(directory.path, 'journal.ndjson');
    writeFileSync(`${file}.lock`, '999999999');
    const programs = [1, 2, 3].map(() => begin(PROGRAM, file));
    const refused = () => programs.filter(({ child }) => child.exitCode === 1);
    await eventually(() => refused().length === 2 && programs.some(({ output }) => output !== ''), {
      withinMs: 20_000,
    });
    for (const { errors } of refused()) expect(errors).toContain('is the journal of another client');
    for (const { child } of programs) child.kill('SIGKILL');
  });
});
