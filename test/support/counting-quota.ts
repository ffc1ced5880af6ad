import type { OnDeny } from '@sundial/contract';
import { FakeQuota } from '../../libs/nest/src/testing/fake-quota.js';

/** A quota that allows `max` units, or so many of each meter, per resource and subject, for ever; refusals say to come back in 1.5 s. */
export function countingQuota(max: number | Readonly<Record<string, number>>, onDeny?: OnDeny): FakeQuota {
  return FakeQuota.counting(max, { retryAfterMs: 1_500, ...(onDeny && { onDeny }) });
}
