import { useTranslation } from 'react-i18next';
import { useRead } from '../../api/queries.ts';
import type { LedgerEvent, Schemas } from '../../api/types.ts';
import { Card, Empty } from '../../ui/basics.tsx';
import { readersTimeZone } from '../../ui/filters.tsx';
import { ProblemNote } from '../../ui/problem.tsx';
import { ConditionList } from '../../ui/condition-list.tsx';
import { ExactTime } from '../../ui/time.tsx';
import { Word } from '../../ui/word.tsx';

const EVERY_MS = 5_000;

/** What is wrong with Redis, the files and the database of the ledger, each with what to do; and what the ledger has gaps for. */
export function Diagnostics() {
  const { t } = useTranslation();
  const ready = useRead<Schemas['Readiness']>('/health/ready', { everyMs: EVERY_MS });
  const query = { timeZone: readersTimeZone(), limit: '20' };
  const ledger = useRead<Schemas['LedgerStatus']>('/admin/ledger', { query, everyMs: EVERY_MS });
  const conditions = ready.data?.conditions ?? [];
  const gaps = (ledger.data?.gaps ?? []) as LedgerEvent[];
  const isOff = ledger.error?.problem.code === 'ledger-off';
  return (
    <Card title={t('findings')}>
      <ProblemNote error={ready.error} />
      {ready.data && conditions.length === 0 && <Empty>{t('noFindings')}</Empty>}
      <ConditionList conditions={conditions} />
      <h3 className="mt-4 mb-1 text-sm font-semibold">{t('database')}</h3>
      {!isOff && <ProblemNote error={ledger.error} />}
      {isOff && <p className="text-sm text-quiet">{t('ledgerOff')} SUNDIAL_LEDGER=on</p>}
      {ledger.data && <Ledger status={ledger.data} />}
      {gaps.map((gap) => (
        <p key={gap.id} className="mt-1 text-sm text-warn">
          <ExactTime at={gap.at} /> · <Word of={gap.outcome} />
          {gap.count !== undefined && ` · ${gap.count}`}
        </p>
      ))}
    </Card>
  );
}

function Ledger({ status }: { readonly status: Schemas['LedgerStatus'] }) {
  const { t } = useTranslation();
  const { store, queued, written, lost, lastError, findings, gaps } = status;
  return (
    <>
      <p className="text-sm">{t('ledgerState', { store, queued, written, lost })}</p>
      {lastError && (
        <p className="text-sm text-bad" lang="en">
          {lastError}
        </p>
      )}
      {findings.map((finding) => (
        <p key={finding} className="text-sm text-warn" lang="en">
          {finding}
        </p>
      ))}
      {gaps.length === 0 && <p className="text-sm text-quiet">{t('noGaps')}</p>}
    </>
  );
}
