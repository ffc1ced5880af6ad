import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useRead } from '../../api/queries.ts';
import type { Schemas, Subject } from '../../api/types.ts';
import { Card, Empty, Row, Select, Table } from '../../ui/basics.tsx';
import { Columns } from '../../ui/columns.tsx';
import { CsvButton } from '../../ui/csv-button.tsx';
import { Disclosure } from '../../ui/disclosure.tsx';
import { readersTimeZone } from '../../ui/filters.tsx';
import { keyOfLimit } from '../../ui/limits.tsx';
import { useNumbers } from '../../ui/numbers.ts';
import { ProblemNote } from '../../ui/problem.tsx';
import { ExactTime } from '../../ui/time.tsx';
import { useWindowName } from '../../ui/window-name.ts';

type PastWindow = Schemas['UsageHistory']['windows'][number];

/** Windows of one limit that are shown. */
const SHOWN = 31;

/** What a subject used in past windows, of one limit at a time. */
export function UseOverTime({ subject }: { readonly subject: Subject }) {
  const { t } = useTranslation();
  const windowName = useWindowName();
  const [chosen, setChosen] = useState('');
  const query = { subject: JSON.stringify(subject), limit: '500', timeZone: readersTimeZone() };
  const { data, error } = useRead<Schemas['UsageHistory']>('/admin/usage-history', { query });
  if (error?.problem.code === 'ledger-off') return null;
  const series = new Map<string, PastWindow[]>();
  for (const window of data?.windows ?? []) {
    const its = keyOfLimit(window as never);
    series.set(its, [...(series.get(its) ?? []), window]);
  }
  const key = series.has(chosen) ? chosen : [...series.keys()][0];
  const windows = (key === undefined ? [] : series.get(key)!).slice(0, SHOWN).reverse();
  const nameOf = ({ rule, window, meter }: PastWindow) => `${rule} · ${windowName(window)} · ${meter}`;
  return (
    <Card title={t('useOverTime')} actions={<CsvButton name="usage" rows={windows} columns={COLUMNS} />}>
      <ProblemNote error={error} />
      {data && windows.length === 0 && <Empty>{t('noHistory')}</Empty>}
      {key !== undefined && (
        <>
          <div className="mb-3 max-w-md">
            <Select
              label={t('series')}
              choices={[...series].map(([value, [first]]) => ({ value, label: nameOf(first!) }))}
              value={key}
              onChange={(event) => setChosen(event.target.value)}
            />
          </div>
          <Shown windows={windows} name={nameOf(windows[0]!)} />
        </>
      )}
    </Card>
  );
}

const COLUMNS = {
  rule: (each: PastWindow) => each.rule,
  window: (each: PastWindow) => each.window as string,
  meter: (each: PastWindow) => each.meter,
  startsAt: (each: PastWindow) => each.startsAt,
  used: (each: PastWindow) => each.used,
  max: (each: PastWindow) => each.max,
  allowed: (each: PastWindow) => each.allowed,
  denied: (each: PastWindow) => each.denied,
};

function Shown({ windows, name }: { readonly windows: readonly PastWindow[]; readonly name: string }) {
  const { t } = useTranslation();
  const { units } = useNumbers();
  const most = Math.max(...windows.map(({ used }) => used));
  const columns = windows.map(({ startsAt, used, max }) => ({
    name: `${startsAt?.slice(0, 16).replace('T', ' ') ?? '—'}: ${units(used)} / ${units(max)}`,
    value: used,
    limit: max,
  }));
  return (
    <>
      <Columns
        label={t('useOfWindows', { count: windows.length, limit: name, most })}
        columns={columns}
        first={windows[0]?.startsAt?.slice(0, 10) ?? ''}
        last={windows.at(-1)?.startsAt?.slice(0, 16).replace('T', ' ') ?? ''}
      />
      <Disclosure summary={t('aTable')}>
        {() => (
          <Table label={t('useOverTime')} head={[t('windowStart'), t('usedOf'), t('max'), t('refusals')]}>
            {windows.toReversed().map(({ startsAt, used, max, denied }, index) => (
              <Row
                key={index}
                cells={[startsAt ? <ExactTime at={startsAt} /> : '—', units(used), units(max), units(denied)]}
              />
            ))}
          </Table>
        )}
      </Disclosure>
    </>
  );
}
