import type { Rule } from '@sundial/contract';
import type { PlannedWrite } from '../admin/admin-write.js';
import { packAddedBeside, plannedWrite } from '../admin/planned-writes.js';
import { ADMINISTERED, OWN_CALENDAR, subjectsCalendar } from '../rules.js';
import { Random } from '../random.js';
import { checkedLife, extendedInTime, reservedLife } from '../reservations/life.js';
import { MAX_TOKENS, REPEATED_WHILE_AWAITED, type Call, type Operation, type Workload } from '../workload.js';

/** Rules whose users operators give packs and overrides, and whose callers change zone and billing day. */
const ADMINISTERED_RULES: readonly Rule[] = [
  rule('topped', ['user'], 'local', [
    { window: 'day', max: 2 },
    { window: 'month', max: 3 },
    { window: 'day', meter: 'tokens', max: 400 },
    { window: 'concurrent', max: 4 },
  ]),
  // On a Cluster its counters are on other shards than the packs: it counts all of what they give.
  rule('topped', ['school'], 'local', [
    { window: 'month', max: 14 },
    { window: 'total', meter: 'tokens', max: 3_000 },
  ]),
  {
    ...rule('moving', ['user'], 'local', [
      { window: 'day', max: 2 },
      { window: OWN_CALENDAR.month, max: 4 },
    ]),
    timeZone: OWN_CALENDAR.timeZone,
  },
];

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
  ...ADMINISTERED_RULES,
];

/** Calls of one history. */
export const CALLS = 24;
export const RESOURCES: readonly string[] = ['llm', 'pair', 'brief'];
/** Of the calls about those, how many an operator does something beside. */
const WRITES = 0.4;
/** Their operations take of two meters. */
const METERED: readonly string[] = ['llm', 'pair', 'topped'];
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
    private readonly resources: readonly string[] = seed % 2 === 0 ? ADMINISTERED : RESOURCES,
  ) {}

  get busyUser(): string {
    return `${this.name}-1`;
  }

  call(index: number): Call {
    const { node, original } = this.#drawn(index);
    const { operation, life } = this.#original(original);
    const isFirst = original === index;
    const write = isFirst ? this.#write(index, operation) : undefined;
    return { operation, node, life: isFirst ? life : undefined, ...(write && { write }) };
  }

  #drawn(index: number): { readonly node: number; readonly original: number } {
    const random = new Random(this.seed, `call ${index}`);
    const node = random.integer(0, 1);
    const isRepeated = index > 0 && random.next() < REPEATED;
    if (!isRepeated) return { node, original: index };
    const { original } = this.#drawn(Math.max(0, index - random.integer(1, REPEATED_AMONG)));
    return { node, original: index - original <= REPEATED_WHILE_AWAITED ? original : index };
  }

  #write(index: number, { resource, subject, operationId }: Operation): PlannedWrite | undefined {
    const random = new Random(this.seed, `write ${index}`);
    if (!ADMINISTERED.includes(resource) || random.next() >= WRITES) return undefined;
    const user = subject['user']!;
    const earlier = () => {
      for (let before = index - 1; before >= 0; before--) {
        const pack = packAddedBeside(this.call(before), { resource, user });
        if (pack !== undefined) return pack;
      }
      return undefined;
    };
    const rule = HISTORY_RULES.find((one) => one.resource === resource)!;
    return plannedWrite(random, { rule, subject: { user }, operationId, earlier });
  }

  #original(index: number): Omit<Call, 'node'> {
    const random = new Random(this.seed, `operation ${index}`);
    const resource = random.pick(this.resources);
    const operation: Operation = {
      resource,
      subject: {
        user: `${this.name}-${random.integer(1, USERS)}`,
        school: `${this.name}-${random.integer(1, SCHOOLS)}`,
        ...(resource === 'moving' && subjectsCalendar(random)),
      },
      amount: random.integer(1, MAX_TAKEN),
      ...(METERED.includes(resource) && { amounts: { tokens: random.integer(0, MAX_TOKENS) } }),
      operationId: `${this.name}-${index}`,
    };
    if (random.next() >= RESERVED) return { operation, life: checkedLife(random) };
    const { hold, life } = reservedLife(random, operation);
    return { operation: { ...operation, hold }, life: resource === 'brief' ? extendedInTime(life) : life };
  }
}
