import { describe, expect, it } from '@jest/globals';
import { judgeClocks, judgeConnection, judgeServer, type ServerFacts } from './redis-findings.js';

const GOOD = {
  redis_version: '7.2.4',
  role: 'master',
  maxmemory: '1000000',
  maxmemory_policy: 'noeviction',
  aof_enabled: '1',
  cluster_enabled: '0',
};

function server(changes: Partial<ServerFacts> & { fields?: Partial<typeof GOOD> } = {}): ServerFacts {
  const { fields, ...others } = changes;
  const info = new Map(Object.entries({ ...GOOD, ...fields }));
  return {
    server: '10.0.0.1:6379',
    inCluster: false,
    info,
    failed: [],
    clock: { least: -1, most: 2 },
    ...others,
  };
}

const found = (facts: ServerFacts) => judgeServer(facts).map(({ finding, severity }) => [finding, severity]);
const sentences = (facts: ServerFacts) => judgeServer(facts).map(({ sentence }) => sentence);
const failing = (error: string, command = 'SET') => server({ failed: [{ command, error }] });

describe('judgeServer', () => {
  it('finds nothing wrong with a Redis that is set up correctly', () => {
    expect(judgeServer(server())).toEqual([]);
  });

  it.each([
    ['5.0.14', 1],
    ['6.0.16', 1],
    ['6.2.0', 0],
    ['7.0.15', 0],
    ['10.0.0', 0],
  ])('of version %s has %d findings', (redis_version, count) => {
    expect(found(server({ fields: { redis_version } }))).toEqual(Array(count).fill(['version', 'refuse']));
  });

  it('says which version it is, and which it should be', () => {
    expect(sentences(server({ fields: { redis_version: '5.0.14' } }))[0]).toMatch(
      /is 5\.0\.14: .* 6\.2 or newer/,
    );
  });

  it.each(['volatile-lru', 'volatile-ttl', 'allkeys-lfu', 'allkeys-random'])(
    'refuses policy %s, which drops counters, but only where memory is bounded',
    (maxmemory_policy) => {
      expect(found(server({ fields: { maxmemory_policy } }))).toEqual([['eviction', 'refuse']]);
      expect(sentences(server({ fields: { maxmemory_policy } }))[0]).toContain(maxmemory_policy);
      expect(found(server({ fields: { maxmemory_policy, maxmemory: '0' } }))).toEqual([]);
    },
  );

  it('refuses a node of a Cluster that was not given as one', () => {
    const fields = { cluster_enabled: '1' };
    expect(found(server({ fields }))).toEqual([['topology', 'refuse']]);
    expect(found(server({ fields, inCluster: true }))).toEqual([]);
  });

  it('warns of a replica and of counters that a restart forgets', () => {
    expect(found(server({ fields: { role: 'slave', aof_enabled: '0' } }))).toEqual([
      ['role', 'warn'],
      ['persistence', 'warn'],
    ]);
  });

  it('accepts an INFO that lacks fields', () => {
    expect(found(server({ info: new Map() }))).toEqual([]);
  });

  it('warns, and refuses nothing, where INFO is forbidden', () => {
    const facts = server({ info: "NOPERM this user has no permissions to run the 'info' command" });
    expect(found(facts)).toEqual([['unknown', 'warn']]);
    expect(sentences(facts)[0]).toContain('NOPERM');
  });

  it.each([
    "NOPERM this user has no permissions to run the 'evalsha' command",
    "ERR The user executing the script can't run this command or subcommand",
    "ERR ACL failure in script: User sundial has no permissions to run the 'hset' command",
    'ERR Unknown Redis command called from script',
    "ERR unknown command 'EVALSHA', with args beginning with:",
    'ERR This Redis command is not allowed from script script: 53aa7d29, on @user_script:13.',
  ])('refuses what Redis forbids: %s', (error) => {
    expect(found(failing(error))).toEqual([['permissions', 'refuse']]);
  });

  // ElastiCache Serverless: it was said to take no writes.
  it('says that no right helps where a service runs no TIME in scripts', () => {
    const [sentence] = sentences(failing('ERR This Redis command is not allowed from script', 'TIME'));
    expect(sentence).toMatch(/^Redis forbids this user TIME .*: this service cannot carry Sundial/);
  });

  it('names everything that is forbidden at once', () => {
    const error = "ERR The user executing the script can't run this command or subcommand";
    const failed = ['HDEL', 'PUBLISH'].map((command) => ({ command, error }));
    expect(sentences(server({ failed }))[0]).toContain('HDEL, PUBLISH');
  });

  it.each([
    ['READONLY You can’t write against a read only replica.', 'master'],
    ["OOM command not allowed when used memory > 'maxmemory'.", 'maxmemory'],
    ['MISCONF Redis is configured to save RDB snapshots', 'disk'],
    ['NOREPLICAS Not enough good replicas to write.', 'replicas'],
    ['CLUSTERDOWN The cluster is down', 'CLUSTERDOWN'],
  ])('warns of a Redis that takes no writes: %s', (error, fix) => {
    expect(found(failing(error))).toEqual([['writable', 'warn']]);
    expect(sentences(failing(error))[0]).toContain(fix);
  });

  it.each([
    { clock: { least: -1_001, most: 900 }, count: 0 },
    { clock: { least: 1_001, most: 1_003 }, count: 1 },
    { clock: { least: -9_000, most: -1_001 }, count: 1 },
    { clock: { least: 999, most: 5_000 }, count: 0 },
  ])('warns of a clock only when it is certainly off: $clock', ({ clock, count }) => {
    expect(found(server({ clock }))).toEqual(Array(count).fill(['clock', 'warn']));
  });
});

describe('judgeClocks', () => {
  const at = (name: string, least: number, most: number) => server({ server: name, clock: { least, most } });

  it('is content with clocks that may agree', () => {
    expect(judgeClocks([at('a:1', -5, 20), at('b:1', 44, 60), server({ clock: undefined })])).toEqual([]);
    expect(judgeClocks([at('a:1', 900, 901)])).toEqual([]);
  });

  it('names the masters that are furthest apart', () => {
    const [finding] = judgeClocks([at('a:1', 0, 1), at('b:1', 30, 31), at('c:1', -10, -9)]);
    expect(finding).toMatchObject({ finding: 'clock', severity: 'warn', server: null });
    expect(finding!.sentence).toContain('The clock of b:1 is 0.039 s ahead of that of c:1');
  });
});

describe('judgeConnection', () => {
  it.each([
    ['WRONGPASS invalid username-password pair or user is disabled.', 'credentials', 'refuse'],
    ['NOAUTH HELLO must be called with the client already authenticated', 'credentials', 'refuse'],
    ["NOPERM this user has no permissions to run the 'cluster|slots' command", 'permissions', 'refuse'],
    ['ERR DB index is out of range', 'permissions', 'refuse'],
    ['ERR This instance has cluster support disabled', 'topology', 'refuse'],
    [
      "All sentinels are unreachable. Retrying from scratch after 268ms. Last error: ERR unknown command 'sentinel'",
      'topology',
      'refuse',
    ],
    [
      'All sentinels are unreachable. Retrying from scratch after 9ms. Last error: ERR No such master with that name',
      'topology',
      'refuse',
    ],
    ['unable to verify the first certificate', 'certificate', 'warn'],
    ['self-signed certificate in certificate chain', 'certificate', 'warn'],
    ["Hostname/IP does not match certificate's altnames", 'certificate', 'warn'],
  ])('says what to change when it reads: %s', (message, finding, severity) => {
    expect(judgeConnection(new Error(message))).toMatchObject({ finding, severity });
  });

  it.each([
    ['connect ECONNREFUSED 127.0.0.1:6379', 'ECONNREFUSED'],
    ['getaddrinfo ENOTFOUND redsi', 'ENOTFOUND'],
    ['read ECONNRESET', 'ECONNRESET'],
    ['connect ENOENT /run/redis.sock', 'ENOENT'],
    ['connect EACCES /run/redis.sock', 'EACCES'],
    ['', 'ECONNREFUSED'],
  ])('says that no server is there when it reads: %s (%s)', (message, code) => {
    const found = judgeConnection(Object.assign(new Error(message), { code }));
    expect(found).toMatchObject({ finding: 'unreachable', severity: 'warn' });
    expect(found?.sentence).toContain(message || code);
  });

  it.each(['Connection is closed.', 'Command timed out'])('takes an outage for an outage: %s', (message) =>
    expect(judgeConnection(new Error(message))).toBeUndefined(),
  );
});
