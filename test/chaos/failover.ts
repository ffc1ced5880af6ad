import { eventually } from '../support/eventually.js';
import { MAX_AMOUNT, type Audit, type Endured, type Ordeal } from './ordeal.js';

/** Whoever watches a master notices, agrees with the others and promotes a replica in less than this. */
const FAULT_MS = 2_800;

/** What happens to a master until another one is in its place, and what to do with it afterwards. */
export interface Failover {
  strike(): unknown;
  promoted(): Promise<unknown>;
  mend(): unknown;
}

export interface EnduredFailover {
  readonly endured: Endured;
  readonly audits: readonly Audit[];
  /** From when there was a new master until the engine was exact; 0 where it was before. */
  readonly recoveredMs: number;
  /** At most so much of what the old master had acknowledged was unknown to the new one. */
  readonly unitsToldAgain: number;
}

/** Goes through a failover under load, until the books have been told again what the old master took with it. */
export async function endureFailover(
  ordeal: Ordeal,
  { strike, promoted, mend }: Failover,
): Promise<EnduredFailover> {
  let promotion: Promise<number> = Promise.resolve(0);
  const endured = await ordeal.endure({
    inject: async () => {
      await strike();
      promotion = promoted().then(() => performance.now());
    },
    heal: async () => {
      await promotion;
      await mend();
    },
    forMs: FAULT_MS,
  });
  const promotedAt = await promotion;
  await eventually(() => ordeal.engine.journal().toReassert === 0);
  const before = endured.modes.findLast(({ at }) => at <= promotedAt);
  const exactAt = endured.modes.find(({ mode, at }) => mode === 'exact' && at > promotedAt)?.at ?? Infinity;
  return {
    endured,
    audits: await ordeal.audit(endured.told),
    unitsToldAgain: ordeal.engine.journal().reasserted.counted * MAX_AMOUNT,
    recoveredMs: before?.mode === 'degraded' ? exactAt - promotedAt : 0,
  };
}
