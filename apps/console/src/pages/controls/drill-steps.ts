import { call, type ApiError } from '../../api/client.ts';
import type { Schemas } from '../../api/types.ts';

export type Fault = Schemas['DrillFault'];
export const DRILL_STEPS = ['before', 'begin', 'seen', 'alarm', 'end', 'after', 'settled'] as const;
export type StepName = (typeof DRILL_STEPS)[number];

/** What a step found: `count` of `all` calls or nodes. */
export interface Found {
  readonly isOk: boolean;
  readonly count: number;
  readonly all: number;
}

export interface Rehearsal {
  readonly resource: string;
  readonly fault: Fault;
  readonly reason: string;
  readonly signal: AbortSignal;
  readonly onStep: (step: StepName, found: Found | 'running') => void;
}

/** Should this page be closed meanwhile, the drill ends by itself after this. */
const LENGTH_MS = 60_000;
const CALLS = 10;
/** A call that is not answered for so long is one that its caller gives up. */
const PATIENCE_MS = 3_000;
const PAUSE_MS = 500;
const TRIES = 20;

/**
 * Lets all calls of a resource fail, looks at what callers and operators see of it, ends it, and looks whether all is as before. Its
 * own calls have the amount 0: nothing is counted, and nothing is to be given back. However it ends, so does the drill.
 * @throws ApiError where the drill could not be begun or ended
 */
export async function rehearse({ resource, fault, reason, signal, onStep }: Rehearsal): Promise<void> {
  const path = `/admin/drills/${encodeURIComponent(resource)}`;
  const step = async (name: StepName, look: () => Promise<Found>): Promise<boolean> => {
    signal.throwIfAborted();
    onStep(name, 'running');
    const found = await look();
    onStep(name, found);
    return found.isOk;
  };
  const subject = await drillSubject(resource);
  const probe = () => calls(resource, subject);
  if (!(await step('before', async () => exactly(await probe())))) return;
  await step('begin', async () => {
    const until = new Date(Date.now() + LENGTH_MS).toISOString();
    const body = { fault, percent: 100, until, ...(reason && { reason }) };
    return onAllNodes((await call<Schemas['DrillWritten']>(path, { method: 'PUT', body })).data);
  });
  try {
    await step('seen', async () => faulty(await probe(), fault));
    await step('alarm', () => eventually(signal, hasAlarm));
  } finally {
    onStep('end', 'running');
    onStep('end', onAllNodes((await call<Schemas['DrillWritten']>(path, { method: 'DELETE' })).data));
  }
  await step('after', () => eventually(signal, async () => exactly(await probe())));
  await step('settled', () => eventually(signal, isSettled));
}

/** Of calls: decided by the store, decided without it, answered with an error or not at all. */
type Outcome = 'exact' | 'degraded' | 'failed';

function calls(resource: string, subject: Readonly<Record<string, string>>): Promise<Outcome[]> {
  return Promise.all(Array.from({ length: CALLS }, () => outcomeOf(resource, subject)));
}

async function outcomeOf(resource: string, subject: Readonly<Record<string, string>>): Promise<Outcome> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    const body = { resource, subject, amount: 0 };
    const { data } = await call<Schemas['Decision']>('/check', { method: 'POST', body, signal });
    return data.degraded ? 'degraded' : 'exact';
  } catch (error) {
    const { status } = (error as ApiError).problem ?? { status: 0 };
    if (status >= 400 && status < 500) throw error;
    return 'failed';
  }
}

/** A value for each attribute that rules count by, which no program uses. */
async function drillSubject(resource: string): Promise<Readonly<Record<string, string>>> {
  const { data } = await call<Schemas['RuleList']>('/admin/rules', { query: { resource } });
  const value = `sundial-drill-${Math.random().toString(36).slice(2)}`;
  return Object.fromEntries(data.rules.flatMap(({ per }) => per.map((name) => [name, value])));
}

function exactly(outcomes: readonly Outcome[]): Found {
  const count = outcomes.filter((outcome) => outcome === 'exact').length;
  return { isOk: count === outcomes.length, count, all: outcomes.length };
}

function faulty(outcomes: readonly Outcome[], fault: Fault): Found {
  const wanted: readonly Outcome[] =
    fault === 'store' ? ['degraded'] : fault === 'both' ? ['degraded', 'failed'] : ['failed'];
  const count = outcomes.filter((outcome) => wanted.includes(outcome)).length;
  return { isOk: count === outcomes.length, count, all: outcomes.length };
}

function onAllNodes({ nodes: { live, applied } }: Schemas['DrillWritten']): Found {
  return { isOk: applied >= live, count: applied, all: live };
}

async function hasAlarm(): Promise<Found> {
  const { data } = await call<Schemas['AlarmList']>('/admin/alarms', { isBackground: true });
  const count = data.active.filter(({ kind }) => kind === 'control-in-force').length;
  return { isOk: count > 0, count, all: data.active.length };
}

async function isSettled(): Promise<Found> {
  const { data } = await call<Schemas['Journal']>('/admin/journal', { isBackground: true });
  return { isOk: data.pending === 0, count: data.pending, all: data.pending };
}

/** The first look that finds it, else the last one. */
async function eventually(signal: AbortSignal, look: () => Promise<Found>): Promise<Found> {
  for (let tries = 1; ; tries++) {
    const found = await look();
    if (found.isOk || tries === TRIES || signal.aborted) return found;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
