import type { FindingListener, StoreFinding, StoreFindingName } from '@sundial/engine';
import { Cluster, ReplyError, type Redis } from 'ioredis';
import { judgeClocks, judgeConnection, judgeServer, type ServerFacts } from './redis-findings.js';
import type { RedisClient } from '../connection/redis-connection.js';
import { slotOfTag } from '../connection/redis-slots.js';
import { probeCapabilities } from './capability-probe.js';

/** An operator may change the configuration of a server that stays connected for months. */
const DIAGNOSE_AGAIN_MS = 60_000;
/** While a server refuses commands, it is diagnosed no more often than this. */
const SOONEST_MS = 500;
/** A server that dies resets a connection, and perhaps the next; one that talks TLS to a client that does not, all of them. */
const RESETS_IN_A_ROW = 4;
/** Tags tried until one is in a slot of a given master; a master with a hundredth of the slots is found in 99.99 %. */
const MAX_TAGS = 1_000;

/** One that was found to refuse is looked at again after this, since no call may have met it. */
const REFUSED_AGAIN_MS = 1_000;
const REFUSALS: ReadonlySet<StoreFindingName> = new Set(['writable', 'permissions']);

/**
 * Checks that every server behind a client is as Sundial needs it: when the client connects, each minute, and when
 * the store asks. It decides nothing; its findings are for operators.
 */
export class RedisDiagnostics {
  readonly #client: RedisClient;
  readonly #timer: NodeJS.Timeout;
  readonly #listeners: FindingListener[] = [];
  readonly #facts = new Map<string, ServerFacts>();
  #connection: StoreFinding | undefined;
  #secret: StoreFinding | undefined;
  #findings: readonly StoreFinding[] = [];
  #resets = 0;
  #lastAt = -Infinity;
  #soon: NodeJS.Timeout | undefined;
  #answered: () => void = () => undefined;
  /** Resolves when it is known for the first time how the servers are, or why they refuse the connection. */
  readonly firstFindings = new Promise<void>((resolve) => (this.#answered = resolve));

  constructor(client: RedisClient) {
    this.#client = client;
    this.#timer = setInterval(() => this.#diagnose(), DIAGNOSE_AGAIN_MS).unref();
    client.on('ready', () => {
      this.#resets = 0;
      this.#diagnose();
    });
    client.on(client instanceof Cluster ? 'node error' : 'error', (error: Error) => this.#failed(error));
    if (!(client instanceof Cluster)) return;
    client.on('+node', (node: Redis) => node.once('ready', () => this.#diagnoseNode(node)));
    // A master that was a replica a moment ago has been ready before. (Until the client itself is ready, nothing else
    // may use its connections: it would take that for a fault of its own.)
    client.on('refresh', () => client.status === 'ready' && this.#diagnoseStrangers());
  }

  /** What holds now, as far as it is known. */
  get findings(): readonly StoreFinding[] {
    return this.#findings;
  }

  listen(listener: FindingListener): void {
    this.#listeners.push(listener);
    for (const finding of this.#findings) listener(finding, true);
  }

  /** The store has reason to think that something has changed. */
  diagnose(): void {
    this.#diagnoseIn(SOONEST_MS);
  }

  /** The finding about the nodes' secret; undefined: the secret is there. */
  secretIs(finding: StoreFinding | undefined): void {
    if (this.#secret === finding) return;
    this.#secret = finding;
    this.#conclude();
  }

  close(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
    this.#listeners.length = 0;
  }

  /** Not before so much later than the last time. */
  #diagnoseIn(ms: number): void {
    const inMs = Math.max(0, this.#lastAt + ms - performance.now());
    this.#soon ??= setTimeout(() => this.#diagnose(), inMs).unref();
  }

  #diagnose(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    this.#lastAt = performance.now();
    void this.#diagnoseAll(mastersOf(this.#client));
  }

  #diagnoseNode(node: Redis): void {
    void this.#diagnoseAll(mastersOf(this.#client).filter(({ client }) => client === node));
  }

  #diagnoseStrangers(): void {
    void this.#diagnoseAll(mastersOf(this.#client).filter(({ name }) => !this.#facts.has(name)));
  }

  async #diagnoseAll(servers: readonly Server[]): Promise<void> {
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
    const { now, failed } = await probeCapabilities(client, tag);
    const clock = now === undefined ? undefined : { least: now - Date.now(), most: now + 1 - sentAt };
    return { server: name, inCluster, info, failed, clock };
  }

  #failed(error: Error & { code?: string }): void {
    if (error.code === 'ECONNRESET' && ++this.#resets < RESETS_IN_A_ROW) return;
    const finding = judgeConnection(error);
    const isUnreachable = finding?.finding === 'unreachable';
    // While the Cluster as a whole is reachable, a single node that is away is no finding.
    if (!finding || (isUnreachable && this.#client.status === 'ready')) return;
    this.#connection = finding;
    this.#conclude();
    // Redis may be there in a moment: a start that waits for it goes on waiting.
    if (!isUnreachable) this.#answered();
  }

  #conclude(): void {
    const facts = [...this.#facts.values()];
    const before = this.#findings;
    const now = [
      ...(this.#connection ? [this.#connection] : []),
      ...(this.#secret ? [this.#secret] : []),
      ...facts.flatMap(judgeServer),
      ...judgeClocks(facts),
    ];
    this.#findings = now;
    this.#report(now.filter(isNotIn(before)), true);
    this.#report(before.filter(isNotIn(now)), false);
    if (now.some(({ finding }) => REFUSALS.has(finding))) this.#diagnoseIn(REFUSED_AGAIN_MS);
  }

  #report(findings: readonly StoreFinding[], holds: boolean): void {
    for (const finding of findings) this.#listeners.forEach((listener) => listener(finding, holds));
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

/** What Redis answered instead. */
function refusalOf(error: unknown): string {
  if (error instanceof ReplyError) return (error as Error).message;
  throw error;
}

function isNotIn(others: readonly StoreFinding[]): (finding: StoreFinding) => boolean {
  const known = new Set(others.map(identityOf));
  return (finding) => !known.has(identityOf(finding));
}

/** A sentence may carry an amount; another amount is no new finding. */
function identityOf({ finding, server }: StoreFinding): string {
  return `${finding} ${server}`;
}
