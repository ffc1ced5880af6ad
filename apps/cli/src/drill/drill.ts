import { randomBytes } from 'node:crypto';
import type { Service } from '../service/service.js';
import { CliError } from '../terminal/cli-error.js';
import type { Progress } from '../terminal/terminal.js';
import { Counters } from './counters.js';
import { FAULTS } from './faults.js';
import { Operator } from './operator.js';
import { type DrillAsk, planOf, tooSmall } from './plan/drill-plan.js';
import { DrillNames } from './plan/drill-subjects.js';
import { verifyReceipts } from './receipts.js';
import { MAX_CALLS_A_FAULT, type Rehearsal, rehearse } from './rehearsal.js';
import { type DrillReport, hasPassed, type Scenario } from './report.js';
import { decidedExactly, goesOn } from './steps/call-steps.js';
import { step } from './steps/step.js';
import { type Call, decisionOf } from './traffic/call.js';
import { Programs } from './traffic/programs.js';
import { Traffic } from './traffic/traffic.js';

/** After an interruption: the operator waits for it. */
const REPORT_MS = 2_000;

export interface DrillOptions extends DrillAsk {
  readonly service: Service;
  /** Of the client. */
  readonly deadlineMs: number;
  /** How much later an answer may come, for this process's own work. */
  readonly toleranceMs: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * The whole procedure against a running service: calls on a calm day, three scenarios of outage, receipts, and everything put back. It
 * ends its drill and gives its units back however it ends.
 *
 * @throws CliError where it can't begin, or loses the service on the way.
 */
export async function drill(options: DrillOptions): Promise<DrillReport> {
  const { service, deadlineMs, toleranceMs, progress, signal, resource } = options;
  const startedAt = new Date();
  const operator = new Operator(service);
  const { plan, nodes, names, counters } = await prepared(operator, options);
  const programs = new Programs(() => new Traffic({ access: service.access, plan, names, deadlineMs }));
  const newTraffic = () => programs.start();
  const latestMs = deadlineMs + toleranceMs;
  const rehearsal: Rehearsal = { operator, plan, counters, newTraffic, latestMs, progress, signal };
  const scenarios: Scenario[] = [];
  try {
    scenarios.push(await calm(rehearsal));
    for (const fault of FAULTS) scenarios.push(await rehearse(rehearsal, fault));
    progress('Receipts: genuine, forged and offline ones …');
    const program = newTraffic();
    const well = await program.single();
    scenarios.push(await verifyReceipts(operator, plan, { calls: programs.calls, well }));
    counters.add([well]);
    progress('The end: every unit is given back …');
    scenarios.push(await afterwards({ operator, plan, counters }, program, programs.calls));
  } catch (error) {
    await undo(operator, programs, { resource, progress });
    throw error;
  } finally {
    await programs.close();
  }
  return {
    url: service.access.url,
    resource,
    passed: hasPassed(scenarios),
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    nodes,
    scenarios,
  };
}

/** Everything that can be known before the first fault. @throws CliError where the drill would show nothing. */
async function prepared(operator: Operator, options: DrillOptions) {
  const { progress, resource, signal } = options;
  progress(`Looking at the rules of ${resource} …`);
  const plan = planOf(await operator.rules(), options);
  await operator.expectNormal(resource);
  const nodes = await operator.liveNodes();
  const names = new DrillNames(randomBytes(4).toString('hex'), plan);
  const before = await operator.usage(resource, names.next().subject);
  const calls = (FAULTS.length + 1) * MAX_CALLS_A_FAULT;
  const small = tooSmall(plan, before, nodes, calls);
  if (small.length > 0) throw noRoom(small, options);
  return { plan, nodes, names, counters: new Counters({ plan, before, signal }) };
}

function noRoom(small: readonly string[], { subject }: DrillAsk): CliError {
  const isGiven = Object.keys(subject).length > 0;
  const hint = isGiven ? ' Leave --subject out: then the drill counts for subjects of its own.' : '';
  return new CliError(`There is no room for a drill. ${small.join(' ')}${hint}`);
}

/** Before any fault, a service that does not decide by its store would make all that follows worthless. */
async function calm({ newTraffic, counters, latestMs, plan, progress }: Rehearsal): Promise<Scenario> {
  progress('Before: a few calls, no fault …');
  const traffic = newTraffic();
  await traffic.wave();
  const { calls } = traffic;
  const exact = decidedExactly(calls);
  if (!exact.passed) {
    throw new CliError(
      `Before the drill ${exact.seen}: ${plan.resource} is not well already. See GET /health/ready and docs/alarms.md.`,
    );
  }
  const steps = [goesOn(calls, latestMs), exact, await counters.exact(traffic)];
  return { scenario: '0 before', fault: null, calls: calls.length, steps };
}

async function afterwards(
  { operator, plan, counters }: Pick<Rehearsal, 'operator' | 'plan' | 'counters'>,
  program: Traffic,
  calls: readonly Call[],
): Promise<Scenario> {
  const left = await operator.drillOf(plan.resource);
  const steps = [
    step('no drill is left', left === undefined, left ? `${left.fault} until ${left.until}` : 'none'),
    await counters.giveBack(program, calls),
  ];
  return { scenario: '4 after', fault: null, calls: 0, steps };
}

/** After an error or an interruption, as well as it goes: the drill ended, what was decided meanwhile reported, all of it reversed. */
async function undo(
  operator: Operator,
  programs: Programs,
  { resource, progress }: { readonly resource: string; readonly progress: Progress },
): Promise<void> {
  progress(`Ending the drill of ${resource} and giving its units back …`);
  await operator.end(resource).catch((error: unknown) => {
    progress(`${messageOf(error)} The drill could not be ended: it ends by itself within 5 minutes.`);
  });
  const allowed = programs.calls.filter((call) => decisionOf(call)?.allowed);
  await programs.report(REPORT_MS);
  const failures = await programs.start().giveBack(allowed);
  if (failures.length > 0)
    progress(`${failures.length} of ${allowed.length} calls stay counted: ${failures[0]}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
