import { setTimeout as later } from 'node:timers/promises';
import type { Progress } from '../terminal/terminal.js';
import type { Counters } from './counters.js';
import type { Fault } from './faults.js';
import type { Operator } from './operator.js';
import { until } from './patience.js';
import type { DrillPlan } from './plan/drill-plan.js';
import type { Scenario } from './report.js';
import { alarmsSince, clientAlarmed, type ServiceAlarms, serviceAlarmed } from './steps/alarm-steps.js';
import { decidedExactly, goesOn, othersUntouched, saysDegraded } from './steps/call-steps.js';
import { step, type Step } from './steps/step.js';
import { type Call, isExact } from './traffic/call.js';
import { CALLS_PER_WAVE, type Traffic } from './traffic/traffic.js';

/** An alarm that needs more calls than this to be raised is none that helps. */
export const MAX_CALLS_A_FAULT = 200;
/** Between waves, so that a client's probes find the service in between, as they do in a real outage. */
const PAUSE_MS = 25;
/** A control is in force on every node within a second. */
const ON_ALL_NODES_MS = 1_000;
const ALARM_MS = 2_000;
/** Exact decisions come back within 2 s of the end of an outage; a client's circuit takes another. */
const WELL_AGAIN_MS = 5_000;
const REPORT_MS = 10_000;
const POLL_MS = 50;

/** What every fault of one drill is rehearsed with. */
export interface Rehearsal {
  readonly operator: Operator;
  readonly plan: DrillPlan;
  readonly counters: Counters;
  /** A new program, as far as the service can tell. */
  readonly newTraffic: () => Traffic;
  /** The latest that an answer may come: the client's deadline, and what this process may take itself. */
  readonly latestMs: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** One fault: begun, watched under traffic, ended, and what was left of it. */
export async function rehearse(rehearsal: Rehearsal, fault: Fault): Promise<Scenario> {
  const { operator, plan, newTraffic, progress } = rehearsal;
  progress(`${fault.scenario}: ${fault.what} …`);
  const traffic = newTraffic();
  const before = await operator.alarms();
  const { nodes } = await operator.begin(plan.resource, fault.fault);
  if (nodes.applied < nodes.live) await later(ON_ALL_NODES_MS);
  const during = await underFault(rehearsal, fault, traffic, before);
  await operator.end(plan.resource);
  if (nodes.live > 1) await later(ON_ALL_NODES_MS);
  const calls = traffic.calls.length;
  return {
    scenario: fault.scenario,
    fault: fault.fault,
    calls,
    steps: [...during, ...(await afterFault(rehearsal, traffic))],
  };
}

async function underFault(
  { operator, plan, latestMs, signal }: Rehearsal,
  { decider, alarms }: Fault,
  traffic: Traffic,
  before: ServiceAlarms,
): Promise<readonly Step[]> {
  const others: Call[] = [];
  const ofService = async () => alarmsSince(before, await operator.alarms(), plan.resource);
  const hasAlarmed = async () =>
    (!alarms.client || clientAlarmed(traffic.alarms, 0).passed) &&
    (!alarms.service || (await ofService()).length > 0);
  do {
    signal.throwIfAborted();
    others.push(...(await traffic.wave()));
    await later(PAUSE_MS);
  } while (
    traffic.calls.length < plan.calls ||
    (traffic.calls.length + CALLS_PER_WAVE <= MAX_CALLS_A_FAULT && !(await hasAlarmed()))
  );
  const { calls } = traffic;
  const steps = [goesOn(calls, latestMs), saysDegraded(calls, decider), othersUntouched(others, plan.other)];
  if (alarms.client) steps.push(clientAlarmed(traffic.alarms, calls.length));
  if (alarms.service) {
    const patience = { withinMs: ALARM_MS, everyMs: POLL_MS, signal };
    const raised = await until(ofService, (found) => found.length > 0, patience);
    steps.push(serviceAlarmed(raised, calls.length));
  }
  return steps;
}

async function afterFault({ counters, signal }: Rehearsal, traffic: Traffic): Promise<readonly Step[]> {
  const patience = { withinMs: WELL_AGAIN_MS, everyMs: POLL_MS, signal };
  const well = await until(() => traffic.single(), isExact, patience);
  const { taken, pending } = await traffic.report(REPORT_MS);
  return [
    { ...decidedExactly([well]), step: 'service decides again' },
    step(
      'reports are taken',
      pending === 0,
      `${taken} counted from the client's journal, ${pending} pending`,
    ),
    await counters.exact(traffic),
  ];
}
