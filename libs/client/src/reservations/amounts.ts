import type { Amounts, CommitRequest, Reservation } from '@sundial/contract';

/** What a commit counts: a meter that it does not name is committed as held. */
export function committedOf(
  { amounts: held }: Reservation,
  request: CommitRequest,
): Pick<Reservation, 'committed' | 'overage'> {
  const committed: Amounts = named(held, request);
  const above = Object.entries(committed)
    .map(([meter, amount]) => [meter, amount - (held[meter] ?? 0)] as const)
    .filter(([, amount]) => amount > 0);
  return { committed, ...(above.length > 0 && { overage: Object.fromEntries(above) }) };
}

/** What an extension holds: a lower total than is held changes nothing. */
export function extendedOf(held: Amounts, request: CommitRequest): Amounts {
  const totals = Object.entries(named(held, request));
  return Object.fromEntries(totals.map(([meter, total]) => [meter, Math.max(total, held[meter] ?? 0)]));
}

/** `held` with what the request names in its place. */
function named(held: Amounts, { amount, amounts }: CommitRequest): Amounts {
  return { ...held, ...amounts, ...(amount !== undefined && { units: amount }) };
}

/** As a check asks for them. */
export function asRequest({ units = 0, ...others }: Amounts): {
  readonly amount: number;
  readonly amounts?: Amounts;
} {
  return { amount: units, ...(Object.keys(others).length > 0 && { amounts: others }) };
}
