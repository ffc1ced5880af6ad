import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMay, useRead } from '../api/queries.ts';
import type { Schemas, Subject } from '../api/types.ts';
import { Card, Empty, PageTitle, Select } from '../ui/basics.tsx';
import { subjectText } from '../ui/subject-text.ts';
import { Loading, ProblemNote } from '../ui/problem.tsx';
import { Overrides } from './subject/overrides.tsx';
import { Recorded } from './subject/recorded.tsx';
import { Reset } from './subject/reset.tsx';
import { ResourceCard } from './subject/resource-card.tsx';
import { SubjectSearch } from './subject/search.tsx';
import { UseOverTime } from './subject/use-over-time.tsx';

const OWN_ZONES = '';
const EVERY_MS = 5_000;

/**
 * Of one subject: what it has used of every limit, and what an operator does for it. Its attributes are the address; `Zone`, which no
 * attribute is called, and `resource`, which none may be called, are not among them.
 */
export function Page() {
  const { t } = useTranslation();
  const { Zone = OWN_ZONES, resource: _none, ...subject } = useSearch({ strict: false }) as Subject;
  const isNamed = Object.keys(subject).length > 0;
  return (
    <>
      <PageTitle>
        {t('subject')} {isNamed && <code className="text-lg font-normal">{subjectText(subject)}</code>}
      </PageTitle>
      <Card>
        <SubjectSearch key={JSON.stringify(subject)} subject={subject} />
      </Card>
      {isNamed && <Found key={JSON.stringify(subject)} subject={subject} zone={Zone} />}
    </>
  );
}

interface FoundProps {
  readonly subject: Subject;
  readonly zone: string;
}

function Found({ subject, zone }: FoundProps) {
  const { t } = useTranslation();
  const mayWork = useMay('operator');
  const reading = { query: { subject: JSON.stringify(subject) }, everyMs: EVERY_MS };
  const { data, error, isLoading } = useRead<Schemas['SubjectUsage']>('/admin/subjects/usage', reading);
  const resources = data?.resources ?? [];
  const limits = resources.flatMap((each) => each.limits);
  return (
    <>
      <ProblemNote error={error} />
      {isLoading && <Loading />}
      {data && resources.length === 0 && (
        <Card>
          <Empty command={ruleOf(subject)}>{t('nothingCounted')}</Empty>
        </Card>
      )}
      {resources.length > 0 && <ZoneSelect subject={subject} zone={zone} />}
      {resources.map((usage) => (
        <ResourceCard key={usage.resource} subject={subject} usage={usage} zone={zone || undefined} />
      ))}
      {limits.length > 0 && <Overrides subject={subject} limits={limits} />}
      {mayWork && limits.length > 0 && <Reset subject={subject} />}
      <UseOverTime subject={subject} />
      <Recorded subject={subject} />
    </>
  );
}

/** What exact times are shown in; part of the address. */
function ZoneSelect({ subject, zone }: FoundProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const zones = Intl.supportedValuesOf('timeZone').map((value) => ({ value, label: value }));
  return (
    <div className="mb-3 max-w-xs">
      <Select
        label={t('zone')}
        choices={[{ value: OWN_ZONES, label: t('ownZone') }, { value: 'UTC', label: 'UTC' }, ...zones]}
        value={zone}
        onChange={({ target }) => {
          const search = { ...subject, ...(target.value !== OWN_ZONES && { Zone: target.value }) };
          void navigate({ to: '/subject', search: search as never, replace: true });
        }}
      />
    </div>
  );
}

function ruleOf(subject: Subject): string {
  const rule = {
    id: 'my-rule',
    resource: 'ocr',
    per: Object.keys(subject),
    limits: [{ window: 'day', max: 10 }],
  };
  return `curl -X POST …/admin/rules -H 'authorization: Bearer <key>' -H 'content-type: application/json' \\\n  -d '${JSON.stringify(rule)}'`;
}
