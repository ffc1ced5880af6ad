import type { DegradePolicy, Rule } from '@sundial/contract';
import { MAX_AMOUNT, type Call, type Workload } from './workload.js';

const POLICIES: readonly DegradePolicy[] = ['local', 'allow', 'deny'];
const MAX_PER_HOUR = 25;
const COLD_USERS = 20;
/** In so many turns a hot user is asked for about twice what it may have; then another one is hot. */
const HOT_TURNS = 40;

/** One resource a policy, named like it. */
const RULES = POLICIES.map((degrade): Rule => ({
  id: `${degrade}-per-user`,
  resource: degrade,
  per: ['user'],
  timeZone: 'UTC',
  limits: [
    { window: 'hour', max: MAX_PER_HOUR },
    { window: 'day', max: 10 * MAX_PER_HOUR },
  ],
  mode: 'enforce',
  degrade,
}));

/**
 * What one engine is asked: a third of it under each policy, half of it for one hot user after another, who all come to
 * their limits, with amounts of 1 to 3.
 */
export class PolicyLoad implements Workload {
  readonly rules = RULES;
  readonly busyUser = 'hot-0';

  call(index: number): Call {
    const resource = POLICIES[index % POLICIES.length]!;
    const turn = Math.floor(index / POLICIES.length);
    const user = turn % 2 === 0 ? `hot-${Math.floor(turn / HOT_TURNS)}` : `cold-${turn % COLD_USERS}`;
    const amount = 1 + (turn % MAX_AMOUNT);
    return {
      operation: { resource, subject: { user }, amount, operationId: `${resource}-${index}` },
      node: 0,
    };
  }
}
