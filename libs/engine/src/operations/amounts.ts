/** Units of meters other than `units`, by meter. */
export type MeterAmounts = Readonly<Record<string, number>>;

/** What an operation takes: of `units`, and of other meters. */
export interface Amounts {
  readonly amount: number;
  /** Absent on nearly all operations. A meter that is not named takes 0. */
  readonly amounts?: MeterAmounts | undefined;
}

/** The window in which only reservations take: a check takes 0 of it. */
const CONCURRENT = '(concurrent';

/**
 * What a limit takes of an operation. Every store, and everything that decides without one, goes by this. A limit of which
 * 0 is taken never refuses.
 */
export function amountOf(
  { meter, field }: { readonly meter?: string | undefined; readonly field: string },
  amount: number,
  amounts: MeterAmounts | undefined,
): number {
  if (meter === undefined) return field.length > 1 && field.startsWith(CONCURRENT) ? 0 : amount;
  // `constructor` is a meter's name like any other.
  return amounts !== undefined && Object.hasOwn(amounts, meter) ? amounts[meter]! : 0;
}

/** What a limit holds of an operation that reserves: of those that count what is held at once, too. */
export function heldAmountOf(
  limit: Parameters<typeof amountOf>[0],
  amount: number,
  amounts: MeterAmounts | undefined,
): number {
  return limit.meter === undefined ? amount : amountOf(limit, amount, amounts);
}

/** What an operation takes, and whether it holds that. */
export interface Takes extends Amounts {
  readonly hold?: object | undefined;
}

/** The same of an operation that may hold: of a `concurrent` limit it takes its units, for as long as it holds them. */
export function unitsOf(limit: Parameters<typeof amountOf>[0], { amount, amounts, hold }: Takes): number {
  return hold === undefined ? amountOf(limit, amount, amounts) : heldAmountOf(limit, amount, amounts);
}

/** Whether it takes nothing of any meter: then it only looks, and is not remembered. */
export function takesNothing({ amount, amounts }: Amounts): boolean {
  return amount === 0 && (amounts === undefined || Object.values(amounts).every((units) => units === 0));
}

/** The caller's own object may change: this copy does not. Meters of which it takes 0 are left out. */
export function copyOfAmounts(amounts: MeterAmounts | undefined): MeterAmounts | undefined {
  return amounts === undefined ? undefined : combined(amounts, undefined, 1);
}

/** Sums are exact up to 2^53−1, and stay there. */
export function sumOfAmounts(
  one: MeterAmounts | undefined,
  other: MeterAmounts | undefined,
): MeterAmounts | undefined {
  return one === undefined && other === undefined ? undefined : combined(one, other, 1);
}

/** What is left of the first; never below 0. */
export function differenceOfAmounts(
  one: MeterAmounts | undefined,
  other: MeterAmounts | undefined,
): MeterAmounts | undefined {
  return one === undefined ? undefined : combined(one, other, -1);
}

export function areAmountsEqual(one: MeterAmounts | undefined, other: MeterAmounts | undefined): boolean {
  if (one === other) return true;
  if (one === undefined || other === undefined) return false;
  const meters = Object.keys(one);
  return (
    meters.length === Object.keys(other).length &&
    meters.every((meter) => Object.hasOwn(other, meter) && other[meter] === one[meter])
  );
}

function combined(
  one: MeterAmounts | undefined,
  other: MeterAmounts | undefined,
  sign: 1 | -1,
): MeterAmounts | undefined {
  const all = new Map(Object.entries(one ?? {}));
  for (const [meter, units] of Object.entries(other ?? {}))
    all.set(meter, Math.min((all.get(meter) ?? 0) + sign * units, Number.MAX_SAFE_INTEGER));
  const taken = [...all].filter(([, units]) => units > 0);
  return taken.length === 0 ? undefined : Object.fromEntries(taken);
}
