import type { Ledger, LedgerQuestions } from '@sundial/ledger';
import { operationAt } from './events.js';

interface Question {
  readonly name: string;
  ask(questions: LedgerQuestions): Promise<unknown>;
}

export interface AskedQuestion {
  readonly name: string;
  readonly answers: number;
  readonly firstMs: number;
  /** Median of the repetitions. */
  readonly medianMs: number;
}

const REPETITIONS = 7;

/** Every question that the ledger answers, as an operator asks it; `at`: the middle of what is kept. */
export function questionsOf(at: number, rows: number): readonly Question[] {
  const hour = { from: at, to: at + 3_600_000 };
  const subject = { user: 'customer-77' };
  const rare = { user: 'customer-19990' };
  const middle = operationAt(Math.floor(rows / 2) + 11);
  return [
    { name: 'operation', ask: (of) => of.operation(middle) },
    { name: 'operation that is not there', ask: (of) => of.operation('none') },
    { name: 'decisions, the latest', ask: (of) => of.decisions() },
    { name: 'decisions of an hour', ask: (of) => of.decisions(hour) },
    { name: 'decisions of a resource', ask: (of) => of.decisions({ resource: 'sms', ...hour }) },
    { name: 'decisions of a subject', ask: (of) => of.decisions({ subject }) },
    {
      name: 'decisions of a subject with few',
      ask: (of) => of.decisions({ subject: rare }, { limit: 1_000 }),
    },
    {
      name: 'decisions of a subject, refused',
      ask: (of) => of.decisions({ subject: rare, outcome: 'denied' }, { limit: 1_000 }),
    },
    { name: 'decisions of a subject, an hour', ask: (of) => of.decisions({ subject, ...hour }) },
    { name: 'decisions, refused', ask: (of) => of.decisions({ outcome: 'denied' }) },
    {
      name: 'decisions, refused, an hour',
      ask: (of) => of.decisions({ outcome: 'denied', ...hour }, { limit: 1_000 }),
    },
    { name: 'decisions, degraded', ask: (of) => of.decisions({ outcome: 'degraded' }, { limit: 1_000 }) },
    { name: 'decisions, a reason that is rare', ask: (of) => of.decisions({ outcome: 'gate-closed' }) },
    { name: 'audit', ask: (of) => of.audit() },
    { name: 'audit of an actor and a rule', ask: (of) => of.audit({ actor: 'ann', target: 'rule-3' }) },
    { name: 'usage history', ask: (of) => of.usageHistory({ subject, window: 'day' }) },
    { name: 'top by use', ask: (of) => of.top({ by: 'used' }) },
    {
      name: 'top by use of a resource, a week',
      ask: (of) => of.top({ by: 'used', resource: 'ocr', from: at - 4 * 86_400_000 }),
    },
    { name: 'top by refusals', ask: (of) => of.top({ by: 'denied' }) },
    { name: 'top by refusals, a week', ask: (of) => of.top({ by: 'denied', from: at - 4 * 86_400_000 }) },
    { name: 'outages', ask: (of) => of.outages() },
    { name: 'events after', ask: (of) => of.events({}, { order: 'oldest', cursor: '00000000001' }) },
    { name: 'events of rare kinds', ask: (of) => of.events({ kinds: ['mode', 'admin'] }) },
    { name: 'export of a subject, a page', ask: (of) => of.exportSubject(subject, { limit: 1_000 }) },
  ];
}

export async function ask({ questions }: Ledger, { name, ask: question }: Question): Promise<AskedQuestion> {
  const times: number[] = [];
  let answers = 0;
  for (let repetition = 0; repetition <= REPETITIONS; repetition += 1) {
    const startedAt = performance.now();
    const answer = await question(questions);
    times.push(performance.now() - startedAt);
    answers = Array.isArray(answer)
      ? answer.length
      : (answer as { readonly rows: readonly unknown[] }).rows.length;
  }
  const [firstMs = 0, ...others] = times;
  others.sort((one, other) => one - other);
  return { name, answers, firstMs, medianMs: others[REPETITIONS >> 1]! };
}
