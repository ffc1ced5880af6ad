import type { RedisTarget } from '@sundial/redis';
import type { Certificates } from './certificates.js';
import { ClusterBusProxy } from './cluster-bus-proxy.js';
import { eventually } from './eventually.js';
import { RedisProcess } from './redis-process.js';

export interface RedisClusterOptions {
  /** Each master has a replica that takes its place. */
  readonly replicas?: boolean;
  /** A node that says nothing for this long has failed. Default 2000. */
  readonly nodeTimeoutMs?: number;
  readonly tls?: Certificates;
  /** Links between nodes can be cut: see `isolate`. */
  readonly partitionable?: boolean;
}

type SlotRange = [from: number, to: number, master: [host: string, port: number]];

const SLOTS = 16_384;
const MASTERS = 3;
const FORM_LIMIT_MS = 20_000;
const FAILOVER_LIMIT_MS = 10_000;
const BUS_OFFSET = 10_000;

/** One shard's fault stays that shard's: without full coverage the other two go on serving. */
const ARGS = ['--cluster-enabled', 'yes', '--cluster-require-full-coverage', 'no'];
const REPLICATION_ARGS = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1'];

/** A real Cluster of three masters, with or without replicas; each node can be frozen, killed and started again. */
export class RedisCluster {
  readonly #ids = new Map<RedisProcess, string>();
  readonly #buses = new Map<RedisProcess, ClusterBusProxy>();

  private constructor(
    /** The masters it began with. */
    readonly nodes: readonly RedisProcess[],
    /** The replicas it began with, in the order of their masters. */
    readonly replicas: readonly RedisProcess[],
  ) {}

  static async start(options: RedisClusterOptions = {}): Promise<RedisCluster> {
    const { replicas = false, nodeTimeoutMs = 2_000, tls, partitionable = false } = options;
    const args = [...ARGS, ...REPLICATION_ARGS, '--cluster-node-timeout', String(nodeTimeoutMs)];
    const nodes = await Promise.all(
      Array.from({ length: replicas ? 2 * MASTERS : MASTERS }, () =>
        RedisProcess.start({ args, configuration: '', ...(tls && { tls }) }),
      ),
    );
    const cluster = new RedisCluster(nodes.slice(0, MASTERS), nodes.slice(MASTERS));
    try {
      if (partitionable) await cluster.#proxyBuses();
      await cluster.#form();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get target(): RedisTarget & { readonly kind: 'cluster' } {
    return { kind: 'cluster', nodes: this.nodes.map(({ port }) => ({ host: '127.0.0.1', port })) };
  }

  /** The node that serves a slot as the Cluster was formed. */
  nodeOfSlot(slot: number): RedisProcess {
    const node = this.nodes[Math.floor((slot * MASTERS) / SLOTS)];
    if (!node) throw new RangeError(`A slot is 0 to ${SLOTS - 1}, not ${slot}.`);
    return node;
  }

  /** The node that serves a key as the Cluster was formed. */
  async nodeOfKey(key: string): Promise<RedisProcess> {
    return this.nodeOfSlot(await this.slotOf(key));
  }

  async slotOf(key: string): Promise<number> {
    return Number(await this.nodes[0]?.cli('CLUSTER', 'KEYSLOT', key));
  }

  /** Who serves a slot now, as one of the nodes sees it. */
  async ownerOf(slot: number, witness: RedisProcess): Promise<RedisProcess | undefined> {
    const ranges = (await witness.cli('CLUSTER', 'SLOTS')) as SlotRange[];
    const range = ranges.find(([from, to]) => from <= slot && slot <= to);
    return this.#all.find(({ port }) => port === range?.[2][1]);
  }

  /** Waits until another node serves a slot than its former master, as one of the nodes sees it, and gives it. */
  async successorOf(slot: number, former: RedisProcess, witness: RedisProcess): Promise<RedisProcess> {
    return eventually(
      async () => {
        const owner = await this.ownerOf(slot, witness);
        return owner !== former && owner;
      },
      { withinMs: FAILOVER_LIMIT_MS, what: `another node than ${former.port} serves slot ${slot}` },
    );
  }

  /** The node that would take a master's place. */
  async replicaOf(master: RedisProcess): Promise<RedisProcess> {
    for (const node of this.#all) {
      const [role, , port] = (await node.cli('ROLE')) as [string, string, number];
      if (role === 'slave' && port === master.port) return node;
    }
    throw new Error(`No replica of ${master.port} is left.`);
  }

  /** Those who serve slots now. */
  async masters(): Promise<RedisProcess[]> {
    const [witness] = this.nodes;
    const ranges = (await witness!.cli('CLUSTER', 'SLOTS')) as SlotRange[];
    const ports = new Set(ranges.map(([, , [, port]]) => port));
    return this.#all.filter(({ port }) => ports.has(port));
  }

  /** Moves a slot with its keys, as an operator who reshards does. */
  async moveSlot(slot: number, to: RedisProcess): Promise<void> {
    const from = await this.ownerOf(slot, to);
    if (!from || from === to) throw new Error(`Slot ${slot} cannot be moved there.`);
    await to.cli('CLUSTER', 'SETSLOT', slot, 'IMPORTING', await this.#idOf(from));
    await from.cli('CLUSTER', 'SETSLOT', slot, 'MIGRATING', await this.#idOf(to));
    for (;;) {
      const keys = (await from.cli('CLUSTER', 'GETKEYSINSLOT', slot, 10)) as string[];
      if (keys.length === 0) break;
      await from.cli('MIGRATE', '127.0.0.1', to.port, '', 0, 1_000, 'KEYS', ...keys);
    }
    for (const node of [to, from]) await node.cli('CLUSTER', 'SETSLOT', slot, 'NODE', await this.#idOf(to));
  }

  /** Cuts all links between these nodes and the others; clients still reach both sides. */
  async isolate(minority: readonly RedisProcess[]): Promise<void> {
    const cutOff = new Set(await Promise.all(minority.map((node) => this.#idOf(node))));
    for (const [node, bus] of this.#buses) {
      bus.admit((sender) => cutOff.has(sender) === minority.includes(node));
    }
  }

  rejoin(): void {
    for (const bus of this.#buses.values()) bus.admit(() => true);
  }

  /** Waits until all nodes agree that all slots are served, and replicas follow. */
  async whole(): Promise<void> {
    await eventually(
      async () => (await Promise.all(this.#all.map((node) => this.#isWhole(node)))).every(Boolean),
      {
        withinMs: FORM_LIMIT_MS,
        everyMs: 20,
        what: 'all nodes of the Cluster agree that all slots are served',
      },
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map((node) => node.stop()));
    for (const bus of this.#buses.values()) bus.stop();
  }

  get #all(): readonly RedisProcess[] {
    return [...this.nodes, ...this.replicas];
  }

  async #idOf(node: RedisProcess): Promise<string> {
    const id = this.#ids.get(node) ?? String(await node.cli('CLUSTER', 'MYID'));
    this.#ids.set(node, id);
    return id;
  }

  async #proxyBuses(): Promise<void> {
    for (const node of this.#all) {
      const bus = await ClusterBusProxy.start(node.port + BUS_OFFSET);
      this.#buses.set(node, bus);
      await node.cli('CONFIG', 'SET', 'cluster-announce-bus-port', bus.port);
      await node.cli('CONFIG', 'REWRITE');
    }
  }

  async #form(): Promise<void> {
    const slots = Array.from({ length: SLOTS }, (_, slot) => slot);
    for (const [index, node] of this.nodes.entries()) {
      await node.cli('CLUSTER', 'ADDSLOTS', ...slots.filter((slot) => this.nodeOfSlot(slot) === node));
      await node.cli('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
    }
    for (const node of this.#all) {
      for (const other of this.#all) {
        const busPort = this.#buses.get(other)?.port ?? other.port + BUS_OFFSET;
        await node.cli('CLUSTER', 'MEET', '127.0.0.1', other.port, busPort);
      }
    }
    for (const [index, replica] of this.replicas.entries()) {
      const master = await this.#idOf(this.nodes[index]!);
      await eventually(() => replica.cli('CLUSTER', 'REPLICATE', master));
    }
    await this.whole();
  }

  async #isWhole(node: RedisProcess): Promise<boolean> {
    const info = String(await node.cli('CLUSTER', 'INFO'));
    const facts = [
      'cluster_state:ok',
      `cluster_slots_ok:${SLOTS}`,
      `cluster_known_nodes:${this.#all.length}`,
    ];
    if (!facts.every((fact) => info.includes(`${fact}\r`))) return false;
    if (this.replicas.length === 0) return true;
    const replication = String(await node.cli('INFO', 'replication'));
    return replication.includes('master_link_status:up') || replication.includes('connected_slaves:1');
  }
}
