import type {
  Answer,
  EndedHold,
  PlannedEnding,
  PlannedRefund,
  PlannedReserve,
  PlannedReturn,
  PlannedSetting,
  ReservationRunner,
  Reserved,
} from '@sundial/engine/ports';
import type { LocalCounters } from '../fallback/local-counters.js';
import { ResilientEndings } from './resilient-endings.js';
import type { AskedStore } from '../checks/asked-store.js';
import type { UndecidedChecks } from '../fallback/undecided-checks.js';
import { ResilientReserves } from './resilient-reserves.js';
import { ResilientReversals } from './resilient-reversals.js';
import type { StoreAccess } from './store-access.js';

export interface ReservationsOptions {
  readonly asked: AskedStore;
  readonly undecided: UndecidedChecks;
  readonly local: Pick<LocalCounters, 'takeBack'>;
}

/** Reservations and reversals in a store that can be slow, frozen or gone. */
export class ResilientReservations implements ReservationRunner {
  readonly #reserves: ResilientReserves;
  readonly #endings: ResilientEndings;
  readonly #reversals: ResilientReversals;

  constructor(access: StoreAccess, { asked, undecided, local }: ReservationsOptions) {
    this.#reserves = new ResilientReserves(access, asked, undecided);
    this.#endings = new ResilientEndings(access);
    this.#reversals = new ResilientReversals(access, local);
  }

  reserve(check: PlannedReserve): Answer<Reserved> {
    return this.#reserves.reserve(check);
  }

  end(ending: PlannedEnding): Answer<EndedHold> {
    return this.#endings.end(ending);
  }

  refund(refund: PlannedRefund): ReturnType<ReservationRunner['refund']> {
    return this.#reversals.refund(refund);
  }

  giveBack(returned: PlannedReturn): ReturnType<ReservationRunner['giveBack']> {
    return this.#reversals.giveBack(returned);
  }

  setUsage(setting: PlannedSetting): ReturnType<ReservationRunner['setUsage']> {
    return this.#reversals.setUsage(setting);
  }
}
