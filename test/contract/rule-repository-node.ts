import type { Rule } from '@sundial/contract';
import { LiveRules, type RuleBook } from '@sundial/engine';
import { connectRedis, RedisNodeRegistry, RedisRuleRepository, type RedisTarget } from '@sundial/redis';
import { afterEach, beforeEach } from '@jest/globals';
import { join } from 'node:path';
import { eventually, type Patience } from '../support/eventually.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';
import { ruleNamed } from './rule-repository.contract.js';

export interface RuleNodeOptions {
  readonly id: string;
  readonly target: RedisTarget;
  readonly directory: string;
  readonly seed?: readonly Rule[];
}

/** One node as far as rules go: a repository on Redis, the rules in force, and all events it received. */
export class RuleNode {
  readonly live = new LiveRules();
  readonly books: RuleBook[] = [];
  readonly errors: Error[] = [];
  readonly nodes: RedisNodeRegistry;
  readonly repository: RedisRuleRepository;

  constructor({ id, target, directory, seed = [ruleNamed('ocr')] }: RuleNodeOptions) {
    const client = connectRedis(target, 'rules');
    this.nodes = new RedisNodeRegistry(client, { nodeId: id });
    this.repository = new RedisRuleRepository(client, {
      nodes: this.nodes,
      snapshotDirectory: directory,
      seed: () => seed,
      onError: (error) => this.errors.push(error),
    });
  }

  start(): Promise<void> {
    return this.repository.start((book) => {
      this.books.push(book);
      this.live.apply(book);
    });
  }

  get version(): number {
    return this.live.current.version;
  }

  get ids(): readonly string[] {
    return this.live.current.rules.map(({ id }) => id);
  }

  /** The first limit of a rule, as this node enforces it. */
  maxOf(id: string): number | null | undefined {
    return this.live.current.byId(id)?.limits[0]?.max;
  }

  async set(id: string, max: number): Promise<void> {
    await this.repository.write({ kind: 'replace', rule: ruleNamed(id, max) });
  }
}

export interface RuleNodes {
  /** A node that was not started. */
  prepared(id: string, seed?: readonly Rule[]): RuleNode;
  /** Nodes that were started together. */
  started<T extends readonly string[]>(...ids: T): Promise<{ [K in keyof T]: RuleNode }>;
  /** Where a node keeps what it knew last. */
  directoryOf(id: string): string;
}

/** Nodes on one Redis, made for each test and closed after it. */
export function ruleNodesOn(target: () => RedisTarget): RuleNodes {
  let directory: TemporaryDirectory;
  let nodes: RuleNode[];
  beforeEach(async () => {
    directory = await temporaryDirectory();
    nodes = [];
  });
  afterEach(async () => {
    await Promise.all(nodes.map(({ repository }) => repository.close()));
    await directory.remove();
  });

  const directoryOf = (id: string) => join(directory.path, id);
  const prepared = (id: string, seed?: readonly Rule[]) => {
    const node = new RuleNode({ id, target: target(), directory: directoryOf(id), ...(seed && { seed }) });
    nodes.push(node);
    return node;
  };
  const started = async <T extends readonly string[]>(...ids: T) => {
    const fresh = ids.map((id) => prepared(id));
    await Promise.all(fresh.map((node) => node.start()));
    return fresh as { [K in keyof T]: RuleNode };
  };
  return { prepared, started, directoryOf };
}

/** Waits until a claim, made of `expect`s, holds. */
export async function holds(claim: () => unknown, patience?: Patience): Promise<void> {
  await eventually(async () => {
    await claim();
    return true;
  }, patience);
}

export async function elapsed(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await act();
  return performance.now() - began;
}
