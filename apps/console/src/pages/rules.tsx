import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMay, useRead } from '../api/queries.ts';
import type { Rule, Schemas } from '../api/types.ts';
import { Badge, Button, Card, Empty, Field, PageTitle, Row, Table } from '../ui/basics.tsx';
import { CsvButton } from '../ui/csv-button.tsx';
import { useNumbers } from '../ui/numbers.ts';
import { Pager } from '../ui/pager.tsx';
import { Loading, ProblemNote } from '../ui/problem.tsx';
import { useRuleRates } from './rules/use-rule-rates.ts';
import { FirstMinutes } from './first-minutes.tsx';
import { useWindowName } from '../ui/window-name.ts';
import { Word } from '../ui/word.tsx';

/** The rules in force, a page of them, found by how their ids begin or by their resource. */
export function Page() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const mayWrite = useMay('admin');
  const {
    idPrefix = '',
    resource = '',
    cursor = '',
  } = useSearch({ strict: false }) as Record<string, string>;
  const query = { limit: '100', idPrefix, resource, cursor };
  const { data, error, isLoading } = useRead<Schemas['RuleList']>('/admin/rules', { query });
  const show = (change: Record<string, string>) => {
    const wanted = Object.entries({ idPrefix, resource, ...change }).filter(([, value]) => value !== '');
    void navigate({ to: '/rules', search: Object.fromEntries(wanted) as never, replace: true });
  };
  return (
    <>
      <PageTitle>{t('rules')}</PageTitle>
      {data && <FirstMinutes rules={data.rules} />}
      <Card
        actions={
          <div className="ml-auto flex gap-2">
            <CsvButton name="rules" rows={data?.rules} columns={COLUMNS} />
            {mayWrite && (
              <Button
                kind="primary"
                onClick={() => void navigate({ to: '/rules/$id', params: { id: 'new' } })}
              >
                {t('newRule')}
              </Button>
            )}
          </div>
        }
      >
        <div className="mb-3 flex flex-wrap gap-3">
          <Field
            label={t('idBegins')}
            value={idPrefix}
            onChange={(e) => show({ idPrefix: e.target.value })}
          />
          <Field
            label={t('resource')}
            value={resource}
            onChange={(e) => show({ resource: e.target.value })}
          />
        </div>
        <ProblemNote error={error} />
        {isLoading && <Loading />}
        {data?.rules.length === 0 && <Empty command={CREATE}>{t('noRules')}</Empty>}
        {data !== undefined && data.rules.length > 0 && <RuleTable rules={data.rules} />}
        <Pager next={data?.next} />
      </Card>
    </>
  );
}

const COLUMNS = {
  id: (rule: Rule) => rule.id,
  resource: (rule: Rule) => rule.resource,
  per: (rule: Rule) => rule.per.join(' '),
  limits: (rule: Rule) => rule.limits,
  mode: (rule: Rule) => rule.mode,
  description: (rule: Rule) => rule.description,
};

const CREATE = `curl -X POST …/admin/rules -H 'authorization: Bearer <key>' -H 'content-type: application/json' \\
  -d '{"id":"ocr-per-user","resource":"ocr","per":["user"],"limits":[{"window":"day","max":10}]}'`;

function RuleTable({ rules }: { readonly rules: readonly Rule[] }) {
  const { t } = useTranslation();
  const windowName = useWindowName();
  const { rate, units } = useNumbers();
  const rates = useRuleRates(rules.map(({ id }) => id));
  const head = [t('rule'), t('resource'), t('per'), t('limits'), t('mode'), t('useNow')];
  return (
    <Table label={t('rules')} head={head}>
      {rules.map(({ id, resource, per, limits, mode, description }) => (
        <Row
          key={id}
          cells={[
            <>
              <Link to="/rules/$id" params={{ id }} className="font-medium text-accent underline">
                {id}
              </Link>
              {description && <p className="text-xs text-quiet">{description}</p>}
            </>,
            resource,
            per.join(', ') || '—',
            limits.map((limit, index) => (
              <p key={index}>
                {units(limit.max)} {limit.meter ?? ''} / {windowName(limit.window)}
              </p>
            )),
            <Badge tone={mode === 'enforce' ? 'good' : 'warn'}>
              <Word of={mode ?? 'enforce'} />
            </Badge>,
            <span className="whitespace-nowrap tabular-nums">
              {rates.has(id)
                ? t('ruleRates', {
                    allowed: rate(rates.get(id)?.allowed),
                    denied: rate(rates.get(id)?.denied),
                  })
                : '–'}
            </span>,
          ]}
        />
      ))}
    </Table>
  );
}
