import type { TcpProxy } from '../../../support/tcp-proxy.js';
import type { FaultScenario, Injection } from '../fault-scenario.js';
import type { Random } from '../random.js';

interface HasProxies {
  /** One for each node. */
  readonly proxies: readonly TcpProxy[];
}

/** Something that is wrong with the way to Redis until it is healed: of all nodes, or of one, as the seed says. */
function network(
  name: string,
  lastsMs: readonly [number, number],
  spoil: (proxy: TcpProxy) => void,
): FaultScenario<HasProxies> {
  return {
    name,
    lastsMs,
    inject: ({ proxies }, { random }) => {
      const affected = someOf(proxies, random);
      affected.forEach(spoil);
      return { heal: () => Promise.all(affected.map((proxy) => proxy.heal())) };
    },
  };
}

function someOf(proxies: readonly TcpProxy[], random: Random): readonly TcpProxy[] {
  return random.next() < 0.5 ? proxies : [random.pick(proxies)];
}

/** What happens between nodes and Redis. */
export const networkFaults: readonly FaultScenario<HasProxies>[] = [
  network('replies 45 ms late', [700, 1_500], (proxy) => proxy.latency(45)),
  network('replies 55 ms late', [700, 1_500], (proxy) => proxy.latency(55)),
  network('replies 200 ms late', [700, 1_500], (proxy) => proxy.latency(200)),
  network('replies 10 to 90 ms late', [700, 2_000], (proxy) => proxy.latency(50, { jitterMs: 40 })),
  network('requests 10 to 90 ms late', [700, 2_000], (proxy) =>
    proxy.latency(50, { jitterMs: 40, direction: 'requests' }),
  ),
  network('replies at 1 KB a second', [700, 2_000], (proxy) => proxy.trickle(1_000)),
  network('black hole', [700, 2_500], (proxy) => proxy.blackHole()),
  network('requests lost', [700, 2_000], (proxy) => proxy.dropRequests()),
  network('replies lost', [700, 2_000], (proxy) => proxy.dropReplies()),
  network('connections half-open', [300, 1_000], (proxy) => proxy.strand()),
  network('connections refused', [500, 1_500], (proxy) => {
    proxy.refuse();
    proxy.reset();
  }),
  {
    name: 'connections reset, 5 a second',
    lastsMs: [800, 2_000],
    inject: ({ proxies }, { random }): Injection => {
      const affected = someOf(proxies, random);
      const timer = setInterval(() => affected.forEach((proxy) => proxy.reset()), 200);
      return { heal: () => clearInterval(timer) };
    },
  },
];
