import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay, useRead, useWrite } from '../api/queries.ts';
import type { Rule, Schemas } from '../api/types.ts';
import { Answered } from '../ui/answered.tsx';
import { Button, Card, Field } from '../ui/basics.tsx';
import { ProblemNote } from '../ui/problem.tsx';

const REDIS = 'REDIS_URL=redis://localhost:6379 npm start';
const SEEN = 'sundial-first-minutes';

/** What a newcomer does first, where counters are kept in the process: a check that counts, the same by curl, and a Redis. */
export function FirstMinutes({ rules }: { readonly rules: readonly Rule[] }) {
  const { t } = useTranslation();
  const [isSeen, setSeen] = useState(() => localStorage.getItem(SEEN) !== null);
  const { data } = useRead<Schemas['Readiness']>('/health/ready', { isOn: !isSeen });
  const rule = rules.find(({ resource }) => resource === 'ocr') ?? rules[0];
  if (isSeen || data?.store.kind !== 'embedded' || rule === undefined) return null;
  const hide = () => {
    localStorage.setItem(SEEN, '1');
    setSeen(true);
  };
  return (
    <Card title={t('firstMinutes')} actions={<Button onClick={hide}>{t('hide')}</Button>}>
      <p className="mb-3 text-sm">{t('firstMinutesHint')}</p>
      <Try rule={rule} />
      <h3 className="mt-4 mb-1 text-sm font-semibold">{t('connectRedis')}</h3>
      <p className="mb-1 text-sm text-quiet">{t('connectRedisHint')}</p>
      <pre
        tabIndex={0}
        aria-label={t('connectRedis')}
        className="overflow-x-auto rounded bg-page p-2 text-xs"
      >
        {REDIS}
      </pre>
    </Card>
  );
}

/** A check as a caller asks it; it counts. */
function Try({ rule: { id, resource, per } }: { readonly rule: Rule }) {
  const { t } = useTranslation();
  const mayWork = useMay('operator');
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const check = useWrite<Schemas['Decision']>();
  const subject = Object.fromEntries(per.map((name) => [name, values[name] ?? `${name}-1`]));
  const body = { resource, subject };
  const curl = `curl -s ${document.baseURI.replace(/console.*$/, '')}check -H 'content-type: application/json' \\
  -d '${JSON.stringify(body)}'`;
  return (
    <>
      <div className="mb-3 flex flex-wrap items-end gap-3">
        {per.map((name) => (
          <Field
            key={name}
            label={`${id}: ${name}`}
            value={subject[name]}
            onChange={(event) => setValues({ ...values, [name]: event.target.value })}
          />
        ))}
        {mayWork && (
          <Button
            kind="primary"
            onClick={() => check.mutate({ path: '/check', method: 'POST', body })}
            disabled={check.isPending}
          >
            {t('checkNow')}
          </Button>
        )}
      </div>
      <ProblemNote error={check.error} />
      {check.data && <Answered answer={check.data} isCounted />}
      <p className="mt-3 mb-1 text-sm text-quiet">
        {t('sameByCurl')}{' '}
        <a href="docs" className="text-accent underline">
          {t('apiDocs')}
        </a>
      </p>
      <pre tabIndex={0} aria-label="curl" className="overflow-x-auto rounded bg-page p-2 text-xs">
        {curl}
      </pre>
    </>
  );
}
