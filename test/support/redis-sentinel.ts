import type { RedisTarget } from '@sundial/redis';
import type { Certificates } from './certificates.js';
import { eventually } from './eventually.js';
import { RedisProcess } from './redis-process.js';

export interface RedisSentinelOptions {
  readonly tls?: Certificates;
  /** What the sentinels ask for, from each other too. */
  readonly sentinelPassword?: string;
}

/** The name of the master, as sentinels know it. */
const NAME = 'sundial';
const REPLICAS = 2;
const SENTINELS = 3;
const QUORUM = 2;
/** A master that says nothing for this long is down. */
const DOWN_AFTER_MS = 500;
/** Sentinels try another failover of the same master after twice this. */
const FAILOVER_TIMEOUT_MS = 1_000;
const FORM_LIMIT_MS = 20_000;
/** Two sentinels who want to lead at the same moment vote for themselves, and try again later: now and then several times. */
const FAILOVER_LIMIT_MS = 30_000;

/** A replica that asks to be fed gets it at once. */
const SERVER_ARGS = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1'];
/**
 * Sentinels look and gossip every few seconds; a test has no time for that. One that was frozen mistrusts itself for 30 s
 * (TILT), and has no say in the next failover.
 */
const PERIODS = [
  ...['info-period', 300, 'ping-period', 100, 'publish-period', 200, 'ask-period', 100],
  ...['tilt-period', 1_000],
];

/** A master with two replicas, watched by three sentinels: all of them real processes. */
export class RedisSentinel {
  private constructor(
    /** The first one was the master in the beginning. */
    readonly servers: readonly RedisProcess[],
    readonly sentinels: readonly RedisProcess[],
  ) {}

  static async start({ tls, sentinelPassword }: RedisSentinelOptions = {}): Promise<RedisSentinel> {
    const options = tls ? { tls } : {};
    const first = await RedisProcess.start({ ...options, args: SERVER_ARGS });
    const replicaOf = ['--replicaof', '127.0.0.1', String(first.port)];
    const replicas = await Promise.all(
      Array.from({ length: REPLICAS }, () =>
        RedisProcess.start({ ...options, args: [...SERVER_ARGS, ...replicaOf] }),
      ),
    );
    const configuration = [
      `sentinel monitor ${NAME} 127.0.0.1 ${first.port} ${QUORUM}`,
      `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
      `sentinel failover-timeout ${NAME} ${FAILOVER_TIMEOUT_MS}`,
      ...(sentinelPassword ? [`sentinel sentinel-pass ${sentinelPassword}`] : []),
      '',
    ].join('\n');
    const sentinels = await Promise.all(
      Array.from({ length: SENTINELS }, () =>
        RedisProcess.start({
          ...options,
          ...(sentinelPassword && { password: sentinelPassword }),
          configuration,
          args: ['--sentinel'],
        }),
      ),
    );
    const group = new RedisSentinel([first, ...replicas], sentinels);
    try {
      await group.#form();
      return group;
    } catch (error) {
      await group.stop();
      throw error;
    }
  }

  get target(): RedisTarget & { readonly kind: 'sentinel' } {
    return {
      kind: 'sentinel',
      sentinels: this.sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
      name: NAME,
    };
  }

  /** The master, as the sentinels say. */
  async master(): Promise<RedisProcess> {
    const address = await this.sentinels.at(-1)!.cli('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME);
    const [, port] = address as [string, string];
    return this.servers.find((server) => server.port === Number(port))!;
  }

  /** Asks for a failover of a healthy master. */
  async failOver(): Promise<void> {
    await eventually(() => this.sentinels[0]!.cli('SENTINEL', 'FAILOVER', NAME));
  }

  /** Parts a server from the sentinels only: every other client stays connected, and it goes on taking writes. */
  async hide(server: RedisProcess): Promise<void> {
    // They have to come again, and are not let in.
    await server.cli('CONFIG', 'SET', 'requirepass', 'unknown to sentinels');
    const clients = String(await server.cli('CLIENT', 'LIST')).matchAll(/^id=(\d+) .* name=sentinel-/gm);
    for (const [, id] of clients) await server.cli('CLIENT', 'KILL', 'ID', id!);
  }

  async reveal(server: RedisProcess): Promise<void> {
    await server.cli('CONFIG', 'SET', 'requirepass', '');
  }

  /** Waits until the sentinels name another master and it takes writes, and gives it. */
  async masterAfter(former: RedisProcess): Promise<RedisProcess> {
    return eventually(
      async () => {
        const master = await this.master();
        if (master === former) return false;
        const [role] = (await master.cli('ROLE')) as [string];
        return role === 'master' && master;
      },
      { withinMs: FAILOVER_LIMIT_MS, what: `sentinels name another master than ${former.port}` },
    );
  }

  /** Waits until every server runs and replicates the one master, and every sentinel sees that. */
  async whole(): Promise<void> {
    await eventually(() => this.#isWhole(), {
      withinMs: FORM_LIMIT_MS,
      everyMs: 50,
      what: 'all sentinels know one master with its replica',
    });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.sentinels, ...this.servers].map((server) => server.stop()));
  }

  async #form(): Promise<void> {
    await Promise.all(this.sentinels.map((sentinel) => sentinel.cli('SENTINEL', 'DEBUG', ...PERIODS)));
    await this.whole();
  }

  async #isWhole(): Promise<boolean> {
    const master = await this.master();
    const [role, , replicas] = (await master.cli('ROLE')) as [string, number, unknown[]];
    if (role !== 'master' || replicas.length !== REPLICAS) return false;
    const synced = this.servers
      .filter((server) => server !== master)
      .map(async (server) => {
        const [, , port, state] = (await server.cli('ROLE')) as [string, string, number, string];
        return port === master.port && state === 'connected';
      });
    const seen = this.sentinels.map(async (sentinel) => {
      const seenAs = pairs(await sentinel.cli('SENTINEL', 'MASTER', NAME));
      return (
        seenAs.get('flags') === 'master' &&
        seenAs.get('port') === String(master.port) &&
        seenAs.get('num-slaves') === String(REPLICAS) &&
        seenAs.get('num-other-sentinels') === String(SENTINELS - 1)
      );
    });
    return (await Promise.all([...synced, ...seen])).every(Boolean);
  }
}

function pairs(reply: unknown): Map<string, string> {
  if (!Array.isArray(reply)) return new Map(Object.entries(reply as Record<string, string>));
  const words = reply as string[];
  return new Map(words.flatMap((word, at) => (at % 2 === 0 ? [[word, words[at + 1]!] as const] : [])));
}
