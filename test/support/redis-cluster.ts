import { eventually } from './eventually.js';
import { RedisProcess } from './redis-process.js';

const SLOTS = 16_384;
const MASTERS = 3;
const FORM_LIMIT_MS = 20_000;

/** One shard's fault stays that shard's: without full coverage the other two go on serving. */
const ARGS = [
  '--cluster-enabled',
  'yes',
  '--cluster-node-timeout',
  '2000',
  '--cluster-require-full-coverage',
  'no',
];

/** A real Cluster of three masters without replicas; each node can be frozen, killed and started again. */
export class RedisCluster {
  private constructor(readonly nodes: readonly RedisProcess[]) {}

  static async start(): Promise<RedisCluster> {
    const nodes = await Promise.all(
      Array.from({ length: MASTERS }, () => RedisProcess.start({ args: ARGS })),
    );
    const cluster = new RedisCluster(nodes);
    try {
      await cluster.#form();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** The node that serves a slot. */
  nodeOfSlot(slot: number): RedisProcess {
    const node = this.nodes[Math.floor((slot * MASTERS) / SLOTS)];
    if (!node) throw new RangeError(`A slot is 0 to ${SLOTS - 1}, not ${slot}.`);
    return node;
  }

  /** The node that serves a key. */
  async nodeOfKey(key: string): Promise<RedisProcess> {
    const [first] = this.nodes;
    return this.nodeOfSlot(Number(await first?.cli('CLUSTER', 'KEYSLOT', key)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  async #form(): Promise<void> {
    const slots = Array.from({ length: SLOTS }, (_, slot) => slot);
    for (const [index, node] of this.nodes.entries()) {
      await node.cli('CLUSTER', 'ADDSLOTS', ...slots.filter((slot) => this.nodeOfSlot(slot) === node));
      await node.cli('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
    }
    for (const node of this.nodes) {
      for (const { port } of this.nodes) await node.cli('CLUSTER', 'MEET', '127.0.0.1', port);
    }
    await eventually(async () => (await Promise.all(this.nodes.map(isWhole))).every(Boolean), {
      withinMs: FORM_LIMIT_MS,
      everyMs: 20,
    });
  }
}

async function isWhole(node: RedisProcess): Promise<boolean> {
  const info = String(await node.cli('CLUSTER', 'INFO'));
  const facts = ['cluster_state:ok', `cluster_slots_ok:${SLOTS}`, `cluster_known_nodes:${MASTERS}`];
  return facts.every((fact) => info.includes(`${fact}\r`));
}
