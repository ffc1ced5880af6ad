import type { CheckRequest, DegradedCause } from '@sundial/contract';
import type { Planner } from '../decisions/check-planner.js';
import type { EngineDecision } from '../decisions/counted-limit.js';
import { UnenforcedPlanner } from '../decisions/unenforced-plan.js';
import type { SharedSecret } from '../operations/secret.js';
import { then, type Answer } from '../stores/answer.js';
import type { BrakeInForce, DrillInForce, GateInForce } from './controls-in-force.js';
import { DrillFault, type DrillEffect } from './drill-fault.js';
import { DrilledStore } from './drilled-store.js';
import type { LiveControls } from './live-controls.js';
import { operationShare } from './operation-share.js';
import { passedByGate, refusedByBrake, refusedByGate } from './operator-decisions.js';

/** What of the operators' settings concerns a check. */
export interface ControlOverCheck {
  readonly resource: string;
  readonly gate: GateInForce | undefined;
  readonly brake: BrakeInForce | undefined;
  readonly drill: DrillInForce | undefined;
}

/** `refusal`: nothing more is to be asked. Else the rules decide, without the store where a drill says that it is away. */
export interface Judgement {
  readonly refusal: EngineDecision | undefined;
  readonly drilledStore: DrillInForce | undefined;
}

interface ControlledChecksOptions {
  readonly controls: LiveControls;
  readonly secret: SharedSecret;
  /** The store's clock. */
  readonly now: () => number;
  /** By when a check is answered whose store does not answer. */
  readonly answerMs: number;
  readonly drilled: (resource: string, effect: DrillEffect | 'store-away') => void;
}

/** What a call is to be planned and run with where the store is said to be away. */
interface Runnable {
  readonly startedAt: number;
  readonly storeAway?: DegradedCause | undefined;
}

const PASSED: Judgement = { refusal: undefined, drilledStore: undefined };

/**
 * Decides by gates, brakes and drills, in this order: a drill comes before everything, as an outage does; then the gate, then the
 * brake; then operation ids and rules. None of it asks the store.
 */
export class ControlledChecks {
  readonly #options: ControlledChecksOptions;
  readonly #drilledStore: DrilledStore;

  constructor(options: ControlledChecksOptions) {
    this.#options = options;
    this.#drilledStore = new DrilledStore(options.answerMs);
  }

  /** Undefined where nothing concerns this check, which is nearly always. */
  over({ resource, subject }: Pick<CheckRequest, 'resource' | 'subject'>): ControlOverCheck | undefined {
    const { inForce } = this.#options.controls;
    if (inForce === undefined) return undefined;
    const now = this.#options.now();
    const gate = inForce.gateOf(resource, now);
    const brake = inForce.brakeOf({ resource, subject }, now);
    const drill = inForce.drillOf(resource, now);
    if (gate === undefined && brake === undefined && drill === undefined) return undefined;
    return { resource, gate, brake, drill };
  }

  /** The planner of what is to be counted under this gate. */
  plannerOf({ gate }: ControlOverCheck, planner: Planner): Planner {
    return gate?.gate.gate === 'open' ? new UnenforcedPlanner(planner) : planner;
  }

  /** @throws DrillFault */
  judge(
    control: ControlOverCheck,
    named: { readonly operationId: string; readonly rulesVersion: number },
  ): Judgement {
    const { gate, brake, drill } = control;
    const { operationId } = named;
    const drilledStore = drill && this.#isStoreDrilled(drill, operationId) ? drill : undefined;
    if (gate?.gate.gate === 'closed')
      return { refusal: refusedByGate(gate, named, this.#options.now()), drilledStore };
    if (gate === undefined && brake !== undefined) {
      const { share, spread } = this.#shareOf(`brake ${brake.brake.id}`, operationId);
      const now = this.#options.now();
      if (share * 100 < brake.brake.percent)
        return { refusal: refusedByBrake(brake, named, { now, spread }), drilledStore };
    }
    return drilledStore === undefined ? PASSED : { refusal: undefined, drilledStore };
  }

  /** Of a look at usage, which has no operation id. @throws DrillFault */
  judgeLook({ drill }: ControlOverCheck): Judgement {
    if (drill === undefined) return PASSED;
    return this.#isStoreDrilled(drill, String(Math.random()))
      ? { refusal: undefined, drilledStore: drill }
      : PASSED;
  }

  /** Runs what passed: with a store that is away as long as a drill says so. */
  run<Check extends Runnable, T>(
    { drilledStore }: Judgement,
    check: Check,
    run: (check: Check) => Answer<T>,
  ): Answer<T> {
    if (drilledStore === undefined) return run(check);
    const cause = this.#drilledStore.ask(drilledStore.drill, check.startedAt);
    return then(cause, (storeAway) => run({ ...check, storeAway }));
  }

  /** The decision of what passed, as it is shown. */
  marked<Decision extends EngineDecision>({ gate }: ControlOverCheck, decision: Decision): Decision {
    return gate?.shown?.state === 'open' ? (passedByGate(decision, gate.shown) as Decision) : decision;
  }

  #isStoreDrilled({ drill }: DrillInForce, operationId: string): boolean {
    const { resource, fault, percent, setAt } = drill;
    const { share, spread } = this.#shareOf(`drill ${resource} ${setAt}`, operationId);
    if (share * 100 >= percent) return false;
    const isFirstHalf = spread < 0.5;
    switch (fault) {
      case 'client':
        return this.#fail(resource, 'dropped');
      case 'service':
        return this.#fail(resource, isFirstHalf ? 'answered' : 'unanswered');
      case 'both':
        if (isFirstHalf) return this.#fail(resource, 'dropped');
        break;
      case 'store':
        break;
      default:
        fault satisfies never;
    }
    this.#options.drilled(resource, 'store-away');
    return true;
  }

  #fail(resource: string, effect: DrillEffect): never {
    this.#options.drilled(resource, effect);
    throw new DrillFault(resource, effect);
  }

  #shareOf(control: string, operationId: string) {
    return operationShare(this.#options.secret.current, control, operationId);
  }
}
