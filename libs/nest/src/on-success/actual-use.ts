import { type Amounts, type CommitRequest, MAX_METERS, NAME_PATTERN, UNITS_METER } from '@sundial/contract';

/**
 * What a call really used: units by meter, `{ tokens: 812 }`, with `amount` for those of the operation itself; or as a
 * commit has it, `{ amount, amounts: { … } }`. A meter that is not named is committed as held.
 */
export type ActualUse = CommitRequest | Readonly<Record<string, number>>;

/**
 * As a commit.
 * @throws TypeError for what is no amount.
 */
export function commitOf(use: ActualUse | undefined): CommitRequest {
  const { amounts: named, ...flat } = (use ?? {}) as { amounts?: Amounts } & Record<string, number>;
  const { amount: ofOperation, [UNITS_METER]: units = ofOperation, ...amounts } = { ...flat, ...named };
  const meters = Object.keys(amounts);
  if (meters.length > MAX_METERS) throw new TypeError(`more than ${MAX_METERS} meters.`);
  for (const meter of meters) {
    if (!NAME_PATTERN.test(meter)) throw new TypeError(`"${meter}" is no name of a meter.`);
  }
  for (const [meter, value] of Object.entries({
    ...amounts,
    ...(units !== undefined && { amount: units }),
  })) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    throw new TypeError(`"${meter}" must be an integer from 0, not ${String(value)}.`);
  }
  return {
    ...(units !== undefined && { amount: units }),
    ...(meters.length > 0 && { amounts }),
  };
}

/** The sum of what the items of a stream used, meter by meter. */
export class UseOfItems {
  readonly #amounts = new Map<string, number>();
  #amount: number | undefined;

  /** Of the meters that were reserved it begins at 0; the operation itself was begun. */
  constructor(reserved: Amounts) {
    for (const meter of Object.keys(reserved)) if (meter !== UNITS_METER) this.#amounts.set(meter, 0);
  }

  add(use: ActualUse | undefined): void {
    const { amount, amounts = {} } = commitOf(use);
    if (amount !== undefined) this.#amount = (this.#amount ?? 0) + amount;
    for (const [meter, units] of Object.entries(amounts))
      this.#amounts.set(meter, (this.#amounts.get(meter) ?? 0) + units);
  }

  get sum(): CommitRequest {
    return {
      ...(this.#amount !== undefined && { amount: this.#amount }),
      ...(this.#amounts.size > 0 && { amounts: Object.fromEntries(this.#amounts) }),
    };
  }
}
