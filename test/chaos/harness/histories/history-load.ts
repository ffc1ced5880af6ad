import type { Rule } from '@sundial/contract';
import { Random } from '../random.js';
import { checkedLife, reservedLife, type Life } from '../reservations/life.js';
import { MAX_TOKENS, REPEATED_WHILE_AWAITED, type Call, type Operation, type Workload } from '../workload.js';

/** Tight limits of several meters and windows: within one subject, on two shards, and in windows that end meanwhile. */
export const HISTORY_RULES: readonly Rule[] = [
  rule('llm', ['user'], 'local', [
    { window: 'day', max: 6 },
    { window: 'month', max: 8 },
    { window: 'day', meter: 'tokens', max: 900 },
    { window: 'concurrent', max: 3 },
  ]),
  rule('pair', ['user'], 'deny', [{ window: 'day', max: 6 }]),
  rule('pair', ['school'], 'local', [
    { window: 'month', max: 9 },
    { window: 'total', meter: 'tokens', max: 1_500 },
  ]),
  rule('brief', ['user'], 'allow', [
    { window: 'minute', max: 5 },
    { window: 'total', max: 8 },
  ]),
];

/** Calls of one history. */
export const CALLS = 24;
const RESOURCES = ['llm', 'pair', 'brief'] as const;
const USERS = 2;
const SCHOOLS = 2;
const RESERVED = 0.65;
const REPEATED = 0.25;
const REPEATED_AMONG = 5;
const MAX_TAKEN = 2;

function rule(
  resource: string,
  per: readonly string[],
  degrade: Rule['degrade'],
  limits: Rule['limits'],
): Rule {
  return { id: `${resource}-per-${per}`, resource, per, timeZone: 'UTC', limits, mode: 'enforce', degrade };
}

/** What the callers of one history ask, as its seed says: a few users, who come to all of their limits. */
export class HistoryLoad implements Workload {
  readonly rules = HISTORY_RULES;

  constructor(
    private readonly seed: number,
    /** Names the history: no other has its operations and its subjects. */
    readonly name: string,
    /** Asked for more often than the others. */
    private readonly resources: readonly string[] = RESOURCES,
  ) {}

  get busyUser(): string {
    return `${this.name}-1`;
  }

  call(index: number): Call {
    const { node, original } = this.#drawn(index);
    const { operation, life } = this.#original(original);
    return { operation, node, life: original === index ? life : undefined };
  }

  #drawn(index: number): { readonly node: number; readonly original: number } {
    const random = new Random(this.seed, `call ${index}`);
    const node = random.integer(0, 1);
    const isRepeated = index > 0 && random.next() < REPEATED;
    if (!isRepeated) return { node, original: index };
    const { original } = this.#drawn(Math.max(0, index - random.integer(1, REPEATED_AMONG)));
    return { node, original: index - original <= REPEATED_WHILE_AWAITED ? original : index };
  }

  #original(index: number): Omit<Call, 'node'> {
    const random = new Random(this.seed, `operation ${index}`);
    const resource = random.pick(this.resources);
    const operation: Operation = {
      resource,
      subject: {
        user: `${this.name}-${random.integer(1, USERS)}`,
        school: `${this.name}-${random.integer(1, SCHOOLS)}`,
      },
      amount: random.integer(1, MAX_TAKEN),
      ...(resource !== 'brief' && { amounts: { tokens: random.integer(0, MAX_TOKENS) } }),
      operationId: `${this.name}-${index}`,
    };
    if (random.next() >= RESERVED) return { operation, life: checkedLife(random) };
    const { hold, life } = reservedLife(random, operation);
    return { operation: { ...operation, hold }, life: resource === 'brief' ? extendedInTime(life) : life };
  }
}

/** Units that an extension adds are taken from the windows of then, and a minute may have ended: the judge knows one window. */
function extendedInTime(life: Life): Life {
  return life.extendsTo ? { ...life, extendsTo: { ttlMs: life.extendsTo.ttlMs! } } : life;
}
