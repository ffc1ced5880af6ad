import type { CheckRequest } from '@sundial/contract';
import { Random } from './random.js';
import { RESOURCES } from './rules.js';

export const MAX_AMOUNT = 3;
/** Of all checks, those that repeat an earlier operation, often while that is still under way. */
const REPEATED = 0.12;
const REPEATED_AMONG = 80;
/** In so many checks a hot user of each resource is asked for about twice what it may have; then another one is hot. */
const HOT_TURNS = 320;
const COLD_USERS = 15;
const GRADES = ['1', '2', '3'];
const SCHOOLS = 2;

/** An operation that a check asks for, whoever is asked. */
export type Operation = Required<CheckRequest>;

/** What the caller with a number asks, and which node first. */
export interface Call {
  readonly operation: Operation;
  /** From 0; it is taken modulo the number of nodes. */
  readonly node: number;
}

/** Who is asked for most often around the call with a number. */
export function hotUser(episode: string, index: number): string {
  return `${episode}-hot-${Math.floor(index / HOT_TURNS)}`;
}

/** The checks of one episode, told by the seed: each by its number, whenever it is sent and whatever became of others. */
export class Load {
  constructor(
    private readonly seed: number,
    /** Names the episode: its operations and its subjects are nobody else's. */
    private readonly name: string,
  ) {}

  call(index: number): Call {
    const random = new Random(this.seed, `${this.name} call ${index}`);
    const node = random.integer(0, 1_000_000);
    const isRepeated = index > 0 && random.next() < REPEATED;
    const original = isRepeated ? Math.max(0, index - random.integer(1, REPEATED_AMONG)) : index;
    return {
      operation: original === index ? this.#operation(index, random) : this.call(original).operation,
      node,
    };
  }

  #operation(index: number, random: Random): Operation {
    const resource = random.pick(RESOURCES);
    const isHot = random.next() < 0.5;
    const user = isHot ? hotUser(this.name, index) : `${this.name}-cold-${random.integer(1, COLD_USERS)}`;
    return {
      resource,
      subject: {
        user,
        grade: random.pick(GRADES),
        school: `${this.name}-${random.integer(1, SCHOOLS)}-${Math.floor(index / HOT_TURNS)}`,
      },
      amount: random.integer(1, MAX_AMOUNT),
      operationId: `${this.name}-${index}`,
    };
  }
}
