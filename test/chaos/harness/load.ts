import type { PlannedWrite } from './admin/admin-write.js';
import { packAddedBeside, plannedWrite } from './admin/planned-writes.js';
import { Random } from './random.js';
import { checkedLife, extendedInTime, reservedLife, type Life } from './reservations/life.js';
import { ADMINISTERED, OF_TWO_METERS, RESOURCES, RULES, subjectsCalendar } from './rules.js';
import {
  MAX_AMOUNT,
  MAX_TOKENS,
  REPEATED_WHILE_AWAITED,
  type Call,
  type Operation,
  type Workload,
} from './workload.js';

/** Of all calls, those that repeat an earlier operation, often while that is still under way. */
const REPEATED = 0.14;
const REPEATED_AMONG = 80;
const RESERVED = 0.25;
/** Of the calls about a resource whose subjects have packs and overrides, those beside which an operator does something. */
const WRITES = 0.15;
const EARLIER_PACKS = 100;
/** In so many checks a hot user of each resource is asked for about twice what it may have; then another one is hot. */
const HOT_TURNS = 410;
const COLD_USERS = 15;
const GRADES = ['1', '2', '3'];
const SCHOOLS = 2;

/** The user who is asked for most often around the call with a number. */
function hotUser(experiment: string, index: number): string {
  return `${experiment}-hot-${Math.floor(index / HOT_TURNS)}`;
}

interface Original {
  readonly operation: Operation;
  readonly life: Life | undefined;
}

/** The calls of one experiment, as the seed says: each by its number, whenever it is sent and whatever became of others. */
export class Load implements Workload {
  readonly rules = RULES;

  constructor(
    private readonly seed: number,
    /** Names the experiment: no other has its operations and its subjects. */
    private readonly name: string,
    /** Some reserve, and end what they have; else all of them check. */
    private readonly reserves = true,
  ) {}

  get busyUser(): string {
    return hotUser(this.name, 0);
  }

  call(index: number): Call {
    const { node, original } = this.#drawn(index);
    const { operation, life } = this.#original(original);
    const isFirst = original === index;
    const write = isFirst && this.reserves ? this.#write(index, operation) : undefined;
    return { operation, node, life: isFirst ? life : undefined, ...(write && { write }) };
  }

  /** The node that a call asks first, and the number of the operation that it asks for. */
  #drawn(index: number): { readonly node: number; readonly original: number } {
    const random = new Random(this.seed, `${this.name} call ${index}`);
    const node = random.integer(0, 1_000_000);
    const isRepeated = index > 0 && random.next() < REPEATED;
    if (!isRepeated) return { node, original: index };
    const { original } = this.#drawn(Math.max(0, index - random.integer(1, REPEATED_AMONG)));
    const isAwaited = index - original <= REPEATED_WHILE_AWAITED;
    return { node, original: isAwaited || this.#original(original).life === undefined ? original : index };
  }

  #original(index: number): Original {
    const operation = this.#operation(index);
    if (!this.reserves) return { operation, life: undefined };
    const random = new Random(this.seed, `${this.name} life ${index}`);
    if (random.next() >= RESERVED) return { operation, life: checkedLife(random) };
    const { hold, life } = reservedLife(random, operation);
    // Its minute ends meanwhile.
    const lives = operation.resource === 'brief' ? extendedInTime(life) : life;
    return { operation: { ...operation, hold }, life: lives };
  }

  #write(index: number, { resource, subject, operationId }: Operation): PlannedWrite | undefined {
    const random = new Random(this.seed, `${this.name} write ${index}`);
    if (!ADMINISTERED.includes(resource) || random.next() >= WRITES) return undefined;
    const user = subject['user']!;
    const earlier = () => {
      for (let before = index - 1; before >= Math.max(0, index - EARLIER_PACKS); before--) {
        const pack = packAddedBeside(this.call(before), { resource, user });
        if (pack !== undefined) return pack;
      }
      return undefined;
    };
    const rule = RULES.find((one) => one.resource === resource)!;
    return plannedWrite(random, { rule, subject: { user }, operationId, earlier });
  }

  #operation(index: number): Operation {
    const random = new Random(this.seed, `${this.name} operation ${index}`);
    const resource = random.pick(RESOURCES);
    const isHot = random.next() < 0.5;
    const user = isHot ? hotUser(this.name, index) : `${this.name}-cold-${random.integer(1, COLD_USERS)}`;
    return {
      resource,
      subject: {
        user,
        grade: random.pick(GRADES),
        school: `${this.name}-${random.integer(1, SCHOOLS)}-${Math.floor(index / HOT_TURNS)}`,
        ...(resource === 'moving' && subjectsCalendar(new Random(this.seed, `${this.name} zone ${index}`))),
      },
      amount: random.integer(1, MAX_AMOUNT),
      ...(OF_TWO_METERS.includes(resource) && { amounts: { tokens: random.integer(0, MAX_TOKENS) } }),
      operationId: `${this.name}-${index}`,
    };
  }
}
