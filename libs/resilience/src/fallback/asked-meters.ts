import { differenceOfAmounts, sumOfAmounts, type MeterAmounts } from '@sundial/engine/ports';

/**
 * Units of other meters than `units` that the store is being asked for, by counter. Counters are here only meanwhile, so
 * they are as many as checks under way at most, and none where no check names a meter.
 */
export class AskedMeters {
  readonly #byCounter = new Map<string, MeterAmounts>();

  of(key: string): MeterAmounts | undefined {
    return this.#byCounter.size === 0 ? undefined : this.#byCounter.get(key);
  }

  begin(key: string, amounts: MeterAmounts): void {
    this.#set(key, sumOfAmounts(this.#byCounter.get(key), amounts));
  }

  end(key: string, amounts: MeterAmounts): void {
    this.#set(key, differenceOfAmounts(this.#byCounter.get(key), amounts));
  }

  #set(key: string, amounts: MeterAmounts | undefined): void {
    if (amounts === undefined) this.#byCounter.delete(key);
    else this.#byCounter.set(key, amounts);
  }
}
