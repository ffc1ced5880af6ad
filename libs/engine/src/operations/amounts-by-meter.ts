import { UNITS_METER, type Amounts as AmountsByMeter } from '@sundial/contract';
import type { Amounts } from './amounts.js';

/** `constructor` is a meter's name like any other. */
export function unitsIn(amounts: AmountsByMeter, meter: string): number {
  return Object.hasOwn(amounts, meter) ? amounts[meter]! : 0;
}

/** Every meter by its name, `units` included. */
export function amountsByMeter({ amount, amounts }: Amounts): AmountsByMeter {
  return { [UNITS_METER]: amount, ...amounts };
}

/** The other way round. */
export function takenOf(amounts: AmountsByMeter): Amounts {
  const meters = Object.keys(amounts);
  if (meters.length === 1 && meters[0] === UNITS_METER) return { amount: amounts[UNITS_METER]! };
  const { [UNITS_METER]: amount = 0, ...others } = amounts;
  return Object.keys(others).length === 0 ? { amount } : { amount, amounts: others };
}
