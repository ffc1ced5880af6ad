import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisStore, type RedisTarget } from '@sundial/redis';
import { eventually } from '../../support/eventually.js';
import { RedisProcess } from '../../support/redis-process.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import {
  ADDS_AGAIN,
  NEVER_SETTLES,
  NEVER_TELLS_AGAIN,
  NEVER_VOIDS,
  weakened,
  type Weakness,
} from '../weakened-store.js';
import { Auditor } from './auditor.js';
import { EngineNode } from './engine-node.js';
import { endure } from './episode.js';
import type { Fault } from './fault.js';
import { networkFaults } from './faults/network.js';
import { redisFaults } from './faults/redis.js';
import { brokenIn, type Broken } from './finding.js';
import { middleOfAYearOffsetMs } from './rules.js';
import { stopAll } from './sites/start-nodes.js';
import { story } from './story.js';

const SEED = 3;
const SOUND: Weakness = () => ({});
/** The store admits twice of everything. */
const GENEROUS: Weakness = (store) => ({
  take: (request) =>
    store.take({
      ...request,
      counters: request.counters.map((counter) => ({
        ...counter,
        ladder: counter.ladder.map((ceiling) => ({ ...ceiling, max: 2 * ceiling.max })),
      })),
    }),
});

/** The campaign's own faults, load and checker, on engines that lack what keeps the books right. */
describe('A campaign', () => {
  let redis: RedisProcess;
  let proxies: TcpProxy[];
  let nodes: EngineNode[] = [];
  let auditor: Auditor;
  beforeEach(async () => {
    redis = await RedisProcess.start({ args: ['--appendonly', 'yes'] });
    proxies = [await TcpProxy.start(redis.port), await TcpProxy.start(redis.port)];
    auditor = new Auditor(books());
  });
  afterEach(() => stopAll(...nodes, { stop: () => auditor.close() }, ...proxies, redis));

  const books = (): RedisTarget => ({ kind: 'single', url: redis.url });

  async function endured(weakness: Weakness, named: string): Promise<{ broken: Broken; told: string }> {
    const clockOffsetMs = middleOfAYearOffsetMs();
    const stores = proxies.map(
      ({ port }) => new RedisStore({ kind: 'single', url: `redis://127.0.0.1:${port}` }, { clockOffsetMs }),
    );
    // As a service does before its first check: by then the nodes share the secret of Redis.
    await Promise.all(stores.map((store) => store.examined(5_000)));
    nodes = stores.map(
      (store, rank) => new EngineNode(`node ${rank + 1}`, weakened(store, weakness), { live: 2, rank }),
    );
    // By then each, and the auditor, has left its mark, and would notice that it is gone.
    await eventually(async () => Number(await redis.cli('DBSIZE')) >= 3);
    const site = {
      redis,
      proxies,
      nodes,
      books: books(),
      whole: async () => undefined,
      stop: async () => undefined,
    };
    const faults: readonly Fault<typeof site>[] = [...redisFaults, ...networkFaults];
    const fault = faults.find(({ name }) => name === named)!;
    const episode = await endure({ seed: SEED, name: 'e', fault, site, auditor });
    return { broken: brokenIn(episode), told: story(episode) };
  }

  it.each(['Redis frozen 600 ms', 'replies lost', 'Redis emptied (FLUSHALL)'])(
    'finds nothing wrong with a sound engine after: %s',
    async (fault) => {
      const { broken, told } = await endured(SOUND, fault);
      expect({ ...broken, told }).toEqual({ i1: 0, i2: 0, i5: 0, i16: 0, told });
    },
    60_000,
  );

  it.each([
    { what: 'settles nothing', weakness: NEVER_SETTLES, fault: 'Redis frozen 600 ms' },
    { what: 'adds what the lost call had counted', weakness: ADDS_AGAIN, fault: 'replies lost' },
    { what: 'lets refused calls run late', weakness: NEVER_VOIDS, fault: 'Redis frozen 600 ms' },
    { what: 'tells nothing again', weakness: NEVER_TELLS_AGAIN, fault: 'Redis emptied (FLUSHALL)' },
  ])(
    'finds the counters of an engine that $what, and tells how one came about',
    async ({ weakness, fault }) => {
      const { broken, told } = await endured(weakness, fault);
      expect(broken.i2).toBeGreaterThan(0);
      expect(told).toMatch(
        /: the books say \d+; callers were allowed \d+ units by the store and \d+ by policy/,
      );
      expect(told).toMatch(/ ms, node [12]: e-\d+ \([123] of \w+\): /);
    },
    60_000,
  );

  it('finds what a store allowed above a limit', async () => {
    const { broken, told } = await endured(GENEROUS, 'SCRIPT FLUSH, 50 a second');
    expect(broken.i1).toBeGreaterThan(0);
    expect(told).toMatch(/ allowed exactly, of \d+\./);
  }, 60_000);
});
