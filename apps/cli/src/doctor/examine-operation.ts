import type { Brake, Drill, Gate } from '@sundial/contract';
import type { Service } from '../service/service.js';
import { CliError } from '../terminal/cli-error.js';
import type { Findings } from './finding.js';
import { sumOf } from './metrics.js';

interface Alarms {
  readonly active: readonly {
    readonly class: string;
    readonly pattern: string;
    readonly summary: string;
    readonly raisedAt: string;
  }[];
}

interface Journal {
  readonly lost: number;
  readonly unjournaled: number;
  readonly tornBytes: number;
  readonly uncertainIntervals: readonly { readonly from: string; readonly to: string }[];
}

/** What a node says of itself to its operators. Without an admin key that is nothing, and a finding. */
export async function examineOperation(service: Service, findings: Findings): Promise<void> {
  try {
    const { rules } = await service.get<{ rules: readonly unknown[] }>('/admin/rules?limit=1');
    findings.ok('admin key', 'accepted');
    if (rules.length === 0)
      findings.warn(
        'rules',
        'there are none: every check is answered with no-rule',
        'Apply some: sundial rules apply <path>.',
      );
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    findings.fail(
      'admin key',
      error.message,
      'Without it only health can be looked at. SUNDIAL_ADMIN_KEYS of the service lists its keys.',
    );
    return;
  }
  await examineControls(service, findings);
  await examineAlarms(service, findings);
  await examineJournal(service, findings);
  await examineMetrics(service, findings);
  await examineLedger(service, findings);
}

async function examineControls(service: Service, findings: Findings): Promise<void> {
  const [{ gates }, { brakes }, { drills }] = await Promise.all([
    service.get<{ gates: readonly Gate[] }>('/admin/gates'),
    service.get<{ brakes: readonly Brake[] }>('/admin/brakes'),
    service.get<{ drills: readonly Drill[] }>('/admin/drills'),
  ]);
  for (const { resource, gate, until, setBy, reason } of gates) {
    const which = resource ?? 'all resources';
    const seen = `${which}: ${gate} ${until ? `until ${until}` : 'until it is changed'}${by(setBy, reason)}`;
    findings.note(
      'gate',
      seen,
      `If it is not wanted any more: sundial gates set normal ${resource ?? '--all'}.`,
    );
  }
  for (const { id, resource, percent, until, setBy, reason } of brakes)
    findings.note(
      'brake',
      `${resource}: ${percent} % turned away until ${until}${by(setBy, reason)}`,
      `If it is not wanted any more: sundial brakes remove ${id}.`,
    );
  for (const { resource, fault, until, setBy, reason } of drills)
    findings.note(
      'drill',
      `${resource}: fault ${fault} until ${until}${by(setBy, reason)}`,
      'It ends by itself; degraded decisions meanwhile are its doing.',
    );
  if (gates.length + brakes.length + drills.length === 0) findings.ok('gates, brakes, drills', 'none');
}

async function examineAlarms(service: Service, findings: Findings): Promise<void> {
  const { active } = await service.get<Alarms>('/admin/alarms');
  if (active.length === 0) findings.ok('alarms', 'none is active');
  for (const { class: its, pattern, summary, raisedAt } of active) {
    const mend = 'docs/alarms.md says what each means and what to do.';
    if (its === 'alarm') findings.fail(`alarm ${pattern}`, `${summary}, since ${raisedAt}`, mend);
    else findings.warn(`alarm ${pattern}`, `${summary}, since ${raisedAt}`, mend);
  }
}

async function examineJournal(service: Service, findings: Findings): Promise<void> {
  const { lost, unjournaled, uncertainIntervals, tornBytes } = await service.get<Journal>('/admin/journal');
  if (lost + unjournaled + uncertainIntervals.length === 0)
    findings.ok('journal', 'nothing is lost or uncertain');
  if (lost > 0)
    findings.warn(
      'journal',
      `${lost} decisions that the counters will never show`,
      'Correct the subjects concerned, if it matters: PUT /admin/subjects/usage.',
    );
  if (unjournaled > 0)
    findings.warn(
      'journal',
      `${unjournaled} decisions were answered before the journal held them`,
      'Look at the disk of the data directory: it is full, or slow.',
    );
  for (const { from, to } of uncertainIntervals)
    findings.warn(
      'journal',
      `uncertain from ${from} to ${to}${tornBytes > 0 ? ` (${tornBytes} bytes could not be read)` : ''}`,
      'What was decided without the store then may be missing from the counters.',
    );
}

async function examineMetrics(service: Service, findings: Findings): Promise<void> {
  const text = await service.text('/metrics');
  const internal = sumOf(text, 'sundial_refusals_total', { code: 'internal-error' });
  if (internal > 0)
    findings.warn(
      'errors',
      `${internal} requests ended with internal-error since the start`,
      'They are a fault of Sundial: its log has each with a stack; please report it.',
    );
  const waiting = sumOf(text, 'sundial_alarm_notifications_waiting');
  if (waiting > 0)
    findings.warn(
      'alarm notifications',
      `${waiting} wait for the webhook`,
      'Look whether SUNDIAL_ALARM_WEBHOOK_URL answers with 2xx.',
    );
  const shed = sumOf(text, 'sundial_checks_shed_total');
  if (shed > 0)
    findings.warn(
      'load',
      `${shed} checks were turned away since the start, because more came than fit`,
      'Add nodes, or look for a caller in a loop: docs/performance.md.',
    );
  const lost = sumOf(text, 'sundial_ledger_lost_total');
  if (lost > 0)
    findings.warn(
      'ledger',
      `${lost} events are missing since the start`,
      'Its database was away, full or too slow; the gaps in sundial audit say when.',
    );
  if (internal + waiting + shed + lost === 0)
    findings.ok('metrics', 'no errors, nothing shed, nothing waits');
}

async function examineLedger(service: Service, findings: Findings): Promise<void> {
  try {
    const { nodes } = await service.get<{ nodes: readonly string[] }>('/admin/audit?limit=1');
    findings.ok('ledger', `answers for ${nodes.length === 1 ? 'this node' : `${nodes.length} nodes`}`);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    if (error.code === 'ledger-off')
      findings.note(
        'ledger',
        'off: nothing is recorded',
        'Start the service with SUNDIAL_LEDGER=on, a data directory or SUNDIAL_LEDGER_URL.',
      );
    else if (error.code !== 'not-found')
      findings.warn('ledger', error.message, 'doctor --ledger-url tries its database from here.');
  }
}

function by(setBy: string | undefined, reason: string | undefined): string {
  return `${setBy === undefined ? '' : `, by ${setBy}`}${reason === undefined ? '' : ` (${reason})`}`;
}
