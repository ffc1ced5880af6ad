import { useTranslation } from 'react-i18next';
import { useRead } from '../api/queries.ts';
import type { Schemas } from '../api/types.ts';
import { Badge, Card, Empty, PageTitle, Row, Table } from '../ui/basics.tsx';
import { ConditionList } from '../ui/condition-list.tsx';
import { ProblemNote } from '../ui/problem.tsx';
import { Word } from '../ui/word.tsx';

/** The node that answers this page: its store, its rules, how many nodes it sees, and what it found wrong, with the fix. */
export function Page() {
  const { t } = useTranslation();
  const { data, error } = useRead<Schemas['Readiness']>('/health/ready', { everyMs: 3_000 });
  return (
    <>
      <PageTitle>{t('node')}</PageTitle>
      <ProblemNote error={error} />
      {data && (
        <>
          <Card title={t('state')}>
            <Table label={t('state')} head={[t('what'), t('state')]}>
              <Row
                cells={[
                  t('status'),
                  <Badge tone={data.status === 'ready' ? 'good' : 'warn'}>
                    <Word of={data.status} />
                  </Badge>,
                ]}
              />
              <Row cells={[t('store'), <Word of={data.store.kind} />]} />
              <Row
                cells={[
                  t('mode'),
                  <Badge tone={data.store.mode === 'exact' ? 'good' : 'bad'}>
                    <Word of={data.store.mode} /> {data.store.cause && <Word of={data.store.cause} />}
                  </Badge>,
                ]}
              />
              <Row cells={[t('breaker'), <Word of={data.store.breaker} />]} />
              <Row cells={[t('pending'), String(data.store.pending)]} />
              <Row cells={[t('rulesVersion'), String(data.rules.version)]} />
              <Row cells={[t('liveNodes'), String(data.nodes.live)]} />
            </Table>
          </Card>
          <Card title={t('findings')}>
            {data.conditions.length === 0 && <Empty>{t('noFindings')}</Empty>}
            <ConditionList conditions={data.conditions} />
          </Card>
        </>
      )}
    </>
  );
}
