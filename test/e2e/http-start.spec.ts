import { readdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { CpuSteal } from '../support/cpu-steal.js';
import { loadedFiles, packagesOf } from '../support/loaded-files.js';
import { refusedStart } from '../support/refused-start.js';
import { RunningService } from '../support/running-service.js';
import { ServiceProcess } from '../support/service-process.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';

/** On a machine that has nothing else to do. */
const END_LIMIT_MS = 5_000;

let service: ServiceProcess | undefined;
let directory: TemporaryDirectory | undefined;
afterEach(async () => {
  await service?.stop('SIGKILL');
  await directory?.remove();
  [service, directory] = [undefined, undefined];
});

function opens(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(url.split(':').at(-1)), '127.0.0.1', () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('close', () => socket.destroy());
  });
}

/** Runs it to its end, which comes soon, and returns what it printed; its port must not have been open for a moment (I11). */
async function refusal(env: Record<string, string>): Promise<string> {
  const startedAt = performance.now();
  service = await ServiceProcess.launch({ env });
  const steal = CpuSteal.of(service.pid);
  let exit: unknown;
  void service.exit.then((value) => (exit = value));
  while (exit === undefined) {
    expect(await opens(service.url)).toBe(false);
    await sleep(10);
  }
  const endedAt = performance.now();
  steal.stop();
  expect(endedAt - startedAt - steal.within(startedAt, endedAt)).toBeLessThan(END_LIMIT_MS);
  expect(exit).toBe(1);
  expect(service.stdout).toBe('');
  return service.stderr;
}

describe('a service that cannot run as it is configured', () => {
  it('lists every error with the variable, its value and the fix', async () => {
    const stderr = await refusal({
      LOG_LEVEL: 'chatty',
      HOST: '0.0.0.0',
      SUNDIAL_DEADLINE_MS: 'fast',
      SUNDIAL_UNKNOWN_RESOURCE: 'maybe',
      REDIS_URL: 'http://localhost',
      REDIS_SENTINELS: 'one:26379',
      SUNDIAL_ADMIN_KEY: 's3cret-key',
    });
    expect(stderr.trim().split('\n')).toEqual([
      'Sundial did not start:',
      'SUNDIAL_ADMIN_KEY is no setting: did you mean SUNDIAL_ADMIN_KEYS?',
      expect.stringMatching(/^REDIS_URL must look like redis:/),
      'SUNDIAL_DEADLINE_MS="fast" must be an integer from 5 to 10000',
      'SUNDIAL_UNKNOWN_RESOURCE="maybe" must be one of: allow, deny',
      'LOG_LEVEL="chatty" must be one of: trace, debug, info, warn, error, fatal, silent',
      'REDIS_URL and REDIS_SENTINELS are set: set one of them, for one Redis only',
      'REDIS_SENTINELS and REDIS_SENTINEL_NAME go together: set both or none',
      expect.stringMatching(
        /^HOST="0.0.0.0" is reachable by others and no keys are set: set SUNDIAL_CHECK_KEYS/,
      ),
    ]);
  });

  it('never shows a key or a password', async () => {
    const said = await refusedStart({
      SUNDIAL_CHECK_KEYS: 's3cret key',
      REDIS_URL: 'rediss//:s3cret@host',
      REDIS_PASSWORD: 's3cret',
    });
    expect(said).toContain('SUNDIAL_CHECK_KEYS must');
    expect(said).not.toContain('s3cret');
  });

  it('lists every error of the rules file with its line', async () => {
    directory = await temporaryDirectory();
    const file = join(directory.path, 'rules.yaml');
    await writeFile(
      file,
      'rules:\n  - id: a\n    resource: ocr\n    per: [user]\n    timeZone: Mars/Olympus\n    limits: [{ window: dya, max: -1 }]\n',
    );
    const said = await refusedStart({ SUNDIAL_RULES_FILE: file });
    expect(said).toContain(file);
    for (const path of ['rules.0.timeZone', 'rules.0.limits.0.window', 'rules.0.limits.0.max']) {
      expect(said).toMatch(new RegExp(`${path}: .*\\(line \\d\\)`));
    }
  });

  it('names a rules file that is not there', async () => {
    expect(await refusedStart({ SUNDIAL_RULES_FILE: '/nowhere/rules.yaml' })).toContain(
      '/nowhere/rules.yaml',
    );
  });

  it('names a data directory it cannot write', async () => {
    directory = await temporaryDirectory();
    const file = join(directory.path, 'file');
    await writeFile(file, '');
    expect(await refusal({ SUNDIAL_DATA_DIR: join(file, 'data') })).toMatch(
      /SUNDIAL_DATA_DIR=.* must be a directory/,
    );
  });

  // A recursive mkdir there never came back, and the start neither went on nor ended.
  it('names a data directory that cannot be made', async () => {
    expect(await refusedStart({ SUNDIAL_DATA_DIR: '/proc/none' })).toMatch(
      /SUNDIAL_DATA_DIR="\/proc\/none" must be a directory/,
    );
  });

  it('lists the errors of its files beside those of the variables', async () => {
    directory = await temporaryDirectory();
    const [rules, alarms] = [join(directory.path, 'rules.yaml'), join(directory.path, 'alarms.yaml')];
    await writeFile(
      rules,
      'rules:\n  - { id: a, resource: ocr, per: [user], limits: [{ window: dya, max: 1 }] }\n',
    );
    await writeFile(alarms, 'patterns:\n  - { id: a, kind: spreads, class: alarm }\n');
    const said = await refusedStart({
      SUNDIAL_DEADLINE_MS: 'fast',
      SUNDIAL_RULES_FILE: rules,
      SUNDIAL_ALARMS_FILE: alarms,
      SUNDIAL_DATA_DIR: join(rules, 'data'),
    });
    expect(said).toContain('SUNDIAL_DEADLINE_MS="fast" must be');
    expect(said).toContain('SUNDIAL_DATA_DIR=');
    expect(said).toContain('rules.0.limits.0.window: must be one of');
    expect(said).toContain('patterns.0.kind must be one of');
    expect(said.match(/must/g)).toHaveLength(4);
  });

  it('names rules on disk that are damaged, and leaves them alone', async () => {
    directory = await temporaryDirectory();
    await writeFile(join(directory.path, 'rules.ndjson'), '{"format":2,');
    expect(await refusal({ SUNDIAL_DATA_DIR: directory.path })).toContain('rules.ndjson');
  });
});

describe('a data directory in which another service counts', () => {
  // Each wrote its counters over the other's, and no error said so.
  it('is refused to the second, and given to the next when the first was killed', async () => {
    directory = await temporaryDirectory();
    const env = { SUNDIAL_DATA_DIR: directory.path };
    service = await ServiceProcess.start({ env });
    const second = await ServiceProcess.launch({ env });
    expect(await second.exit).toBe(1);
    expect(second.stderr).toMatch(
      /SUNDIAL_DATA_DIR=".+" holds the counters of another process that runs: stop/,
    );
    await second.stop();
    await service.stop('SIGKILL');
    service = await ServiceProcess.start({ env });
    expect((await service.fetchJson('GET', '/health/ready')).status).toBe(200);
  });
});

describe('a port that is taken', () => {
  it('ends the second service and says so', async () => {
    service = await ServiceProcess.start();
    const second = await ServiceProcess.launch({ env: { PORT: new URL(service.url).port } });
    expect(await second.exit).toBe(1);
    expect(second.stderr).toMatch(/PORT=\d+ must be a free place to listen \(.*EADDRINUSE/);
    expect(second.stdout).toBe('');
    await second.stop();
  });
});

/** Each file costs a start half a millisecond: it was 3,200 of them, and 2.4 s. */
function expectFewFiles(files: readonly string[]): void {
  expect(packagesOf(files)).toEqual(['@neon-rs/load', 'detect-libc', 'libsql', undefined]);
  expect(files.filter((file) => /nodemailer|postgres/.test(file))).toEqual([]);
  expect(files.length).toBeLessThan(40);
}

describe('a service that starts', () => {
  it('says where it listens, what it counts in, and a command that works when pasted', async () => {
    directory = await temporaryDirectory();
    service = await ServiceProcess.start({ env: { NODE_V8_COVERAGE: directory.path } });
    expect(service.stderr).toContain(`Sundial listens on ${service.url} and counts in this process`);
    const [, address, body] =
      /curl -s (\S+) -H 'content-type: application\/json' -d '(.+)'/.exec(service.stderr) ?? [];
    const answer = await fetch(`http://${address}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: String(body),
    });
    expect(await answer.json()).toMatchObject({ allowed: true, limits: [{ used: 1 }, { used: 1 }] });
    await service.stop();
    expectFewFiles(await loadedFiles(directory.path));
  });

  it('listens for others when it has keys', async () => {
    service = await ServiceProcess.start({
      env: { HOST: '0.0.0.0', SUNDIAL_CHECK_KEYS: 'k1-k1-k1-k1-k1-k1' },
    });
    expect(service.stderr).toContain(`-H 'authorization: Bearer <key>'`);
  });

  it('needs no keys on any loopback host, and makes its data directory', async () => {
    directory = await temporaryDirectory();
    const env = { HOST: '127.0.0.1', SUNDIAL_DATA_DIR: join(directory.path, 'a', 'b') };
    const running = await RunningService.start(env);
    expect((await running.api.get('/health/ready')).body).toMatchObject({ status: 'ready' });
    await running.stop();
    expect(await readdir(env.SUNDIAL_DATA_DIR)).toContain('rules.ndjson');
  });
});
