import { afterAll, beforeAll, describe, it } from '@jest/globals';
import {
  type SettledHold,
  type SettleRequest,
  type StoredReservation,
  StoreError,
  type TakeRequest,
} from '@sundial/engine/ports';
import fc from 'fast-check';
import { connectRedis, type RedisClient } from '../../libs/redis/src/connection/redis-connection.js';
import { CrossShardCalls, LOOK } from '../../libs/redis/src/counters/cross-shard-calls.js';
import { RedisShardCalls } from '../../libs/redis/src/counters/redis-shard-calls.js';
import { StoreClock } from '../../libs/redis/src/counters/store-clock.js';
import { ending, reserving } from '../contract/hold-requests.js';
import { counter, daily, GROUPS, settledIn } from '../contract/store-requests.js';
import { eventually } from '../support/eventually.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { runs } from '../support/runs.js';
import { type CallingNode, ScheduledShards, type ShardCallOutcome } from './scheduled-shards.js';

const UNITS = 2;
const TTL_MS = 60_000;
const REMEMBERED_MS = 3_600_000;
const ATTEMPTS = 4;
const MOST_TRIES = 60;

type How = 'left' | 'commit' | 'release';
/** What a node makes of a reserve that the store did not answer. */
type Policy = 'refuses' | 'allows';

interface Attempt {
  readonly how: How;
  readonly policy: Policy;
  /** It begins after so many calls. */
  readonly after: number;
  /** That its caller was refused is lost where it dies. */
  readonly forgets: boolean;
}

/** A reservation that its caller was answered. */
interface Answered {
  readonly take: TakeRequest;
  readonly reservation: StoredReservation;
  readonly isDegraded: boolean;
}

/** Attempts of one operation at several nodes, over two shards. */
class Operation {
  readonly answered: Answered[] = [];
  readonly #shards: ScheduledShards;
  readonly #counters;
  readonly #name: string;

  constructor(shards: ScheduledShards, name: string) {
    const at = Date.now();
    this.#shards = shards;
    this.#name = name;
    this.#counters = GROUPS.slice(0, 2).map((group) => counter([daily(100, { at })], { group, name }));
  }

  async attempt({ how, policy, after, forgets }: Attempt, name: string): Promise<void> {
    await this.#shards.after(after);
    const node: CallingNode = { name, isDead: false };
    const answered = await this.#reserve(node, policy, forgets);
    if (answered === undefined) return;
    this.answered.push(answered);
    if (how !== 'left') await this.#end(node, answered, how);
  }

  /** What each shard has counted, and holds. */
  async counts(node: CallingNode): Promise<{ readonly used: number; readonly reserved: number }[]> {
    const result = await this.#calls(node).take({ ...LOOK, counters: this.#counters });
    if (!('counts' in result)) throw new Error(result.outcome);
    return result.counts.map(({ used, reserved }) => ({ used, reserved }));
  }

  async ended(node: CallingNode, how: 'commit' | 'release', answered: Answered): Promise<string> {
    const { take, reservation, isDegraded } = answered;
    const takenAt = isDegraded ? undefined : reservation.at;
    const result = await this.#calls(node).endHold({ ...ending(take, { kind: how }), takenAt });
    return result.outcome;
  }

  async #reserve(node: CallingNode, policy: Policy, forgets: boolean): Promise<Answered | undefined> {
    const take = reserving(this.#counters, { id: this.#name, amount: UNITS, ttlMs: TTL_MS });
    try {
      const result = await this.#calls(node).take(take);
      if (result.outcome !== 'taken' && result.outcome !== 'replayed') throw new Error(result.outcome);
      return { take, reservation: result.reservation!, isDegraded: false };
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
    if (node.isDead && forgets) return undefined;
    const { operation } = take;
    const at = Math.round(this.#shards.of(node).now());
    const hold = { takenAt: at, expiresAt: at + TTL_MS, onExpiry: 'release', isDegraded: true } as const;
    const settle = (intent: 'void' | 'hold') =>
      this.#settle(node, { intent, operation, hold }, forgets && intent === 'void');
    if (node.isDead || policy === 'refuses') {
      await settle('void');
      return undefined;
    }
    await settle('hold');
    const amounts = { units: UNITS };
    const until = at + TTL_MS + REMEMBERED_MS;
    const reservation = { ...hold, at, state: 'held', amounts, late: false, until } as const;
    return { take, reservation, isDegraded: true };
  }

  async #end(node: CallingNode, answered: Answered, how: 'commit' | 'release'): Promise<void> {
    try {
      const outcome = await this.ended(node, how, answered);
      if (outcome !== 'not-found' || !answered.isDegraded) return;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (node.isDead) return;
    }
    const { reservation, take, isDegraded } = answered;
    const { at, expiresAt, onExpiry } = reservation;
    const operation = { ...take.operation, attempt: `e${at.toString(36)}` };
    const hold = { takenAt: at, expiresAt, onExpiry, isDegraded };
    const committed = how === 'commit' ? { committed: { units: UNITS } } : {};
    await this.#settle(node, { intent: how, operation, hold, ...committed }, false);
  }

  /** Until both shards have answered; a node that dies reads its journal when it starts again, unless the line was not written. */
  async #settle(node: CallingNode, settlement: Settlement, forgets: boolean): Promise<void> {
    const counters = this.#counters.map((one) => ({
      ...one,
      limits: one.limits.map((limit) => settledIn('current', limit)),
    }));
    const now = Math.round(this.#shards.of(node).now());
    const request: SettleRequest = { ...settlement, counters, amount: UNITS, decidedAt: now };
    let its = node;
    for (let tries = 1; ; tries++) {
      if (its.isDead) its = { name: `${its.name}'`, isDead: false };
      try {
        await this.#calls(its).settle(request, now + REMEMBERED_MS);
        return;
      } catch (error) {
        if (!(error instanceof StoreError) || tries === MOST_TRIES) throw error;
        if (its.isDead && forgets) return;
      }
    }
  }

  #calls(node: CallingNode): CrossShardCalls {
    return new CrossShardCalls(this.#shards.of(node));
  }
}

interface Settlement extends Pick<SettleRequest, 'intent' | 'operation' | 'committed'> {
  readonly hold: SettledHold;
}

const attempts = (...endings: readonly How[]) =>
  fc.array(
    fc.record<Attempt>({
      how: fc.constantFrom(...endings),
      policy: fc.constantFrom('refuses', 'allows'),
      after: fc.nat(12),
      forgets: fc.boolean(),
    }),
    { minLength: 2, maxLength: ATTEMPTS },
  );
const outcomes = fc.array(
  fc.constantFrom<ShardCallOutcome>('answered', 'answered', 'answered', 'cut', 'lost', 'late', 'dies'),
  { maxLength: 20 },
);

describe('A reservation over two shards', () => {
  let cluster: RedisCluster;
  let client: RedisClient;
  let shards: RedisShardCalls;
  beforeAll(async () => {
    cluster = await RedisCluster.start();
    client = connectRedis(cluster.target, 'cross-shard');
    shards = new RedisShardCalls(client, new StoreClock(), 0);
    for (const group of GROUPS) {
      const look = { ...LOOK, counters: [counter([daily(1)], { group })] };
      await eventually(() =>
        shards.take(look).then(
          () => true,
          () => false,
        ),
      );
    }
  }, 30_000);
  afterAll(async () => {
    client.disconnect();
    await cluster.stop();
  });

  it('is the same on both at rest, and ends on both, whichever attempts of it fail', async () => {
    let histories = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        outcomes,
        fc.oneof(attempts('left', 'commit'), attempts('left', 'release')),
        async (scheduler, fates, tries) => {
          const scheduled = new ScheduledShards(shards, scheduler, fates);
          const operation = new Operation(scheduled, `history-${histories++}`);
          await scheduled.run(
            Promise.all(tries.map((attempt, index) => operation.attempt(attempt, `node ${index}`))),
          );
          scheduled.isHealed = true;
          const healed = { name: 'at rest', isDead: false };
          const how = tries.some((attempt) => attempt.how === 'release') ? 'release' : 'commit';
          const ended: string[] = [];
          for (const answered of operation.answered) {
            ended.push(await operation.ended(healed, how, answered).catch((error: Error) => error.message));
          }
          const [one, other] = await operation.counts(healed);
          // A release by one caller frees the id while others' attempts are on their way: those find nothing, or hold until they expire.
          const isReleased = how === 'release';
          // What a node that died had taken on one of them expires.
          const mayHold = isReleased || tries.some(({ forgets }) => forgets);
          const isRight =
            (isReleased || ended.every((each) => each === 'ended')) &&
            one?.used === other?.used &&
            (mayHold || one?.reserved === other?.reserved);
          const counted = JSON.stringify([one, other]);
          if (!isRight) throw new Error([...scheduled.story, ended.join(), counted].join('\n'));
        },
      ),
      { numRuns: runs({ inTest: 100, inCampaign: 3_000 }) },
    );
  }, 300_000);
});
