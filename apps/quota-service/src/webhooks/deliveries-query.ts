import { QuotaError, said } from '@sundial/contract';
import type { DeliveriesQuery, ShownDelivery } from '@sundial/ledger';
import { readQuery, unknownParameters } from '../http/query.js';

const STATES = ['pending', 'delivered', 'dead'] as const;
const MAX_DELIVERIES = 1_000;

export type DeliveriesPage = Omit<DeliveriesQuery, 'webhookId'>;

/** @throws QuotaError `invalid-request` with every error */
export function parseDeliveriesQuery(url: string, filters: readonly string[]): DeliveriesPage {
  const values = readQuery(url);
  const known = [...filters, 'cursor', 'limit'];
  const errors = unknownParameters(values.keys(), known);
  const [cursor, limit, named] = ['cursor', 'limit', 'state'].map((name) => values.get(name));
  if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) errors.push({ path: 'cursor', ...said('cursor') });
  if (
    limit !== undefined &&
    !(/^\d{1,4}$/.test(limit) && Number(limit) >= 1 && Number(limit) <= MAX_DELIVERIES)
  )
    errors.push({ path: 'limit', ...said('whole-number', { from: 1, to: MAX_DELIVERIES }) });
  const state = STATES.find((each) => each === named);
  if (named !== undefined && state === undefined && filters.includes('state'))
    errors.push({ path: 'state', ...said('one-of', { values: STATES.join(', ') }) });
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return {
    ...(state !== undefined && { state }),
    ...(cursor !== undefined && { before: Number(cursor) }),
    limit: limit === undefined ? 100 : Number(limit),
  };
}

export function pageOf(
  deliveries: readonly ShownDelivery[],
  { limit }: Pick<DeliveriesPage, 'limit'>,
): { readonly deliveries: readonly ShownDelivery[]; readonly next?: string } {
  const last = deliveries.at(-1);
  return last === undefined || deliveries.length < limit ? { deliveries } : { deliveries, next: last.id };
}
