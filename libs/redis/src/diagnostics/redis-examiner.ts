import type { ConditionListener, StoreCondition, StoreConditionName } from '@sundial/engine';
import { Cluster, ReplyError, type Redis } from 'ioredis';
import { judgeClocks, judgeConnection, judgeServer, type ServerFacts } from './redis-conditions.js';
import type { RedisClient } from '../connection/redis-connection.js';
import { slotOfTag } from '../connection/redis-slots.js';
import { tryOut } from './redis-trial.js';

/** Somebody may change the configuration of a server that stays connected for months. */
const EXAMINE_AGAIN_MS = 60_000;
/** While a server refuses what it is asked, it is examined no more often than this. */
const SOONEST_MS = 500;
/** A server that dies resets a connection, and perhaps the next; one that talks TLS to a client that does not, all of them. */
const RESETS_IN_A_ROW = 4;
/** Tags tried until one is in a slot of a given master; a master with a hundredth of the slots is found in 99.99 %. */
const MAX_TAGS = 1_000;

/** One that was found to refuse is looked at again after this, since nobody else may have met it. */
const REFUSED_AGAIN_MS = 1_000;
const REFUSALS: ReadonlySet<StoreConditionName> = new Set(['writable', 'permissions']);

/**
 * Looks whether every server behind a client is as Sundial needs it: when it is connected to, each minute, and when
 * somebody has reason to ask. It decides nothing; what it finds is for people.
 */
export class RedisExaminer {
  readonly #client: RedisClient;
  readonly #timer: NodeJS.Timeout;
  readonly #listeners: ConditionListener[] = [];
  readonly #facts = new Map<string, ServerFacts>();
  #connection: StoreCondition | undefined;
  #secret: StoreCondition | undefined;
  #conditions: readonly StoreCondition[] = [];
  #resets = 0;
  #lastAt = -Infinity;
  #soon: NodeJS.Timeout | undefined;
  #answered: () => void = () => undefined;
  /** Resolves when it is known for the first time how the servers are, or why they do not let anybody in. */
  readonly firstFindings = new Promise<void>((resolve) => (this.#answered = resolve));

  constructor(client: RedisClient) {
    this.#client = client;
    this.#timer = setInterval(() => this.#examine(), EXAMINE_AGAIN_MS).unref();
    client.on('ready', () => {
      this.#resets = 0;
      this.#examine();
    });
    client.on(client instanceof Cluster ? 'node error' : 'error', (error: Error) => this.#failed(error));
    if (!(client instanceof Cluster)) return;
    client.on('+node', (node: Redis) => node.once('ready', () => this.#examineNode(node)));
    // A master that was a replica a moment ago has been ready before. (Until the client itself is ready, nobody else
    // may use its connections: it would take that for a fault of its own.)
    client.on('refresh', () => client.status === 'ready' && this.#examineStrangers());
  }

  /** What holds now, as far as it is known. */
  get conditions(): readonly StoreCondition[] {
    return this.#conditions;
  }

  listen(listener: ConditionListener): void {
    this.#listeners.push(listener);
    for (const condition of this.#conditions) listener(condition, true);
  }

  /** Somebody has reason to think that something has changed. */
  examine(): void {
    this.#examineIn(SOONEST_MS);
  }

  /** What was found where the nodes' secret should be; undefined: that is there. */
  secretIs(condition: StoreCondition | undefined): void {
    if (this.#secret === condition) return;
    this.#secret = condition;
    this.#conclude();
  }

  close(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
    this.#listeners.length = 0;
  }

  /** Not before so much later than the last time. */
  #examineIn(ms: number): void {
    const inMs = Math.max(0, this.#lastAt + ms - performance.now());
    this.#soon ??= setTimeout(() => this.#examine(), inMs).unref();
  }

  #examine(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    this.#lastAt = performance.now();
    void this.#examineAll(mastersOf(this.#client));
  }

  #examineNode(node: Redis): void {
    void this.#examineAll(mastersOf(this.#client).filter(({ client }) => client === node));
  }

  #examineStrangers(): void {
    void this.#examineAll(mastersOf(this.#client).filter(({ name }) => !this.#facts.has(name)));
  }

  async #examineAll(servers: readonly Server[]): Promise<void> {
    const found = await Promise.all(servers.map((server) => this.#factsOf(server).catch(() => undefined)));
    const facts = found.filter((one) => one !== undefined);
    if (facts.length === 0) return;
    for (const one of facts) this.#facts.set(one.server, one);
    const masters = mastersOf(this.#client).map(({ name }) => name);
    for (const name of this.#facts.keys()) if (!masters.includes(name)) this.#facts.delete(name);
    this.#connection = undefined;
    this.#conclude();
    if (masters.every((name) => this.#facts.has(name))) this.#answered();
  }

  async #factsOf({ name, client, tag }: Server): Promise<ServerFacts> {
    const inCluster = this.#client instanceof Cluster;
    const info = await client.info().then(fieldsOf, refusalOf);
    const sentAt = Date.now();
    const { now, failed } = await tryOut(client, tag);
    const clock = now === undefined ? undefined : { least: now - Date.now(), most: now + 1 - sentAt };
    return { server: name, inCluster, info, failed, clock };
  }

  #failed(error: Error & { code?: string }): void {
    if (error.code === 'ECONNRESET' && ++this.#resets < RESETS_IN_A_ROW) return;
    const condition = judgeConnection(error);
    const isUnreachable = condition?.condition === 'unreachable';
    // Of a Cluster that is there, one node that is not is its own affair.
    if (!condition || (isUnreachable && this.#client.status === 'ready')) return;
    this.#connection = condition;
    this.#conclude();
    // Redis may be there in a moment: whoever waits for it goes on waiting.
    if (!isUnreachable) this.#answered();
  }

  #conclude(): void {
    const facts = [...this.#facts.values()];
    const before = this.#conditions;
    const now = [
      ...(this.#connection ? [this.#connection] : []),
      ...(this.#secret ? [this.#secret] : []),
      ...facts.flatMap(judgeServer),
      ...judgeClocks(facts),
    ];
    this.#conditions = now;
    this.#tell(now.filter(isNotIn(before)), true);
    this.#tell(before.filter(isNotIn(now)), false);
    if (now.some(({ condition }) => REFUSALS.has(condition))) this.#examineIn(REFUSED_AGAIN_MS);
  }

  #tell(conditions: readonly StoreCondition[], holds: boolean): void {
    for (const condition of conditions) this.#listeners.forEach((listener) => listener(condition, holds));
  }
}

/** One master, and a hash tag of keys that live on it. */
export interface Server {
  readonly name: string;
  readonly client: Redis;
  readonly tag: string;
}

export function mastersOf(client: RedisClient): Server[] {
  if (!(client instanceof Cluster)) return [{ name: addressOf(client), client, tag: 'probe' }];
  return client.nodes('master').flatMap((node) => {
    const name = addressOf(node);
    const tag = tagOn(client, name);
    return tag === undefined ? [] : [{ name, client: node, tag }];
  });
}

/** Behind Sentinels only the socket knows which server it is; a Unix socket has a path. */
function addressOf({ options, stream }: Redis): string {
  if (options.path !== undefined && options.path !== null) return options.path;
  const host = options.sentinels ? stream?.remoteAddress : options.host;
  const port = options.sentinels ? stream?.remotePort : options.port;
  return `${host}:${port}`;
}

function tagOn(cluster: Cluster, node: string): string | undefined {
  for (let number = 0; number < MAX_TAGS; number++) {
    const tag = `probe-${number}`;
    if (cluster.slots[slotOfTag(tag)]?.[0] === node) return tag;
  }
  return undefined;
}

function fieldsOf(info: string): Map<string, string> {
  const lines = info.split('\r\n').map((line) => /^(\w+):(.*)$/.exec(line));
  return new Map(lines.flatMap((line) => (line ? [[line[1]!, line[2]!] as const] : [])));
}

/** What Redis said instead. */
function refusalOf(error: unknown): string {
  if (error instanceof ReplyError) return (error as Error).message;
  throw error;
}

function isNotIn(others: readonly StoreCondition[]): (condition: StoreCondition) => boolean {
  const known = new Set(others.map(identityOf));
  return (condition) => !known.has(identityOf(condition));
}

/** A sentence may tell how much; that much is no news. */
function identityOf({ condition, server }: StoreCondition): string {
  return `${condition} ${server}`;
}
