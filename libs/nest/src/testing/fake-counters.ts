import type { Amounts, Subject } from '@sundial/contract';

/** Who has used something. */
export interface Counted {
  readonly resource: string;
  readonly subject: Subject;
}

/** What a request takes, of every meter and of `units`. */
export function amountsOf({
  amount = 1,
  amounts = {},
}: {
  readonly amount?: number;
  readonly amounts?: Amounts;
}): Amounts {
  return { ...amounts, units: amount };
}

/** A name for one operation, or for one subject of a resource, whatever the order of its attributes. */
export function keyOf({ resource, subject }: Counted, operationId?: string): string {
  return JSON.stringify([resource, Object.entries(subject).sort(), operationId]);
}

/** Units by subject and meter, with one `max` a meter for all subjects; a meter without one is unlimited. */
export class FakeCounters {
  readonly #used = new Map<string, Map<string, number>>();
  readonly #max: ReadonlyMap<string, number>;

  constructor(max: Amounts = {}) {
    this.#max = new Map(Object.entries(max));
  }

  used(counted: Counted): Amounts {
    return Object.fromEntries(this.#used.get(keyOf(counted)) ?? []);
  }

  /** Whether there is room for all of it; of a meter of which 0 is taken always. */
  hasRoom(counted: Counted, amounts: Amounts): boolean {
    const used = this.#used.get(keyOf(counted));
    return Object.entries(amounts).every(
      ([meter, amount]) =>
        amount === 0 || (used?.get(meter) ?? 0) + amount <= (this.#max.get(meter) ?? Infinity),
    );
  }

  /** Counts, also above `max`. */
  add(counted: Counted, amounts: Amounts): void {
    this.#change(counted, amounts, 1);
  }

  remove(counted: Counted, amounts: Amounts): void {
    this.#change(counted, amounts, -1);
  }

  #change(counted: Counted, amounts: Amounts, sign: 1 | -1): void {
    const name = keyOf(counted);
    const used = this.#used.get(name) ?? new Map<string, number>();
    for (const [meter, amount] of Object.entries(amounts))
      used.set(meter, (used.get(meter) ?? 0) + sign * amount);
    this.#used.set(name, used);
  }
}
