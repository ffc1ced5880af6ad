import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay, useRead, useWrite } from '../api/queries.ts';
import type { Schemas, Subject } from '../api/types.ts';
import { Button, Card, Empty, Field, PageTitle } from '../ui/basics.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { Limits } from '../ui/limits.tsx';
import { Loading, ProblemNote } from '../ui/problem.tsx';
import { SubjectActions } from './subject/actions.tsx';
import { Packs } from './subject/packs.tsx';
import { Recorded } from './subject/recorded.tsx';

/** Of one subject: what it has used of every limit, and what an operator does for it. Its attributes are the address. */
export function Page() {
  const { t } = useTranslation();
  const subject = useSearch({ strict: false }) as Subject;
  const isNamed = Object.keys(subject).length > 0;
  return (
    <>
      <PageTitle>{t('subject')}</PageTitle>
      <Card>
        <Search key={JSON.stringify(subject)} subject={subject} />
      </Card>
      {isNamed ? (
        <Found subject={subject} />
      ) : (
        <Card>
          <Empty>{t('noSubject')}</Empty>
        </Card>
      )}
    </>
  );
}

function Search({ subject }: { readonly subject: Subject }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [text, setText] = useState(new URLSearchParams(subject).toString().replaceAll('&', ' '));
  return (
    <form
      className="flex flex-wrap items-end gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        const pairs = new URLSearchParams(
          text
            .trim()
            .split(/[\s&]+/)
            .join('&'),
        );
        void navigate({ to: '/subject', search: Object.fromEntries(pairs) as never });
      }}
    >
      <Field
        label={t('attributes')}
        hint="user=u1 grade=3"
        value={text}
        onChange={(e) => setText(e.target.value)}
      />
      <Button type="submit" kind="primary">
        {t('show')}
      </Button>
    </form>
  );
}

function Found({ subject }: { readonly subject: Subject }) {
  const { t } = useTranslation();
  const mayWork = useMay('operator');
  const reading = { query: subject, everyMs: 5_000 };
  const { data, error, isLoading } = useRead<Schemas['SubjectUsage']>('/admin/subjects/usage', reading);
  const resources = data?.resources ?? [];
  return (
    <>
      <ProblemNote error={error} />
      {isLoading && <Loading />}
      {data && resources.length === 0 && (
        <Card>
          <Empty>{t('nothingCounted')}</Empty>
        </Card>
      )}
      {resources.map(({ resource, limits }) => (
        <Card key={resource} title={resource}>
          <Limits limits={limits} />
          {mayWork && <SubjectActions subject={subject} resource={resource} limits={limits} />}
          <Packs subject={subject} resource={resource} />
        </Card>
      ))}
      {mayWork && resources.length > 0 && <Reset subject={subject} />}
      <Recorded key={JSON.stringify(subject)} subject={subject} />
    </>
  );
}

function Reset({ subject }: { readonly subject: Subject }) {
  const { t } = useTranslation();
  const [reason, setReason] = useState('');
  const write = useWrite();
  const body = { subject, ...(reason && { reason }) };
  return (
    <Card title={t('reset')}>
      <ProblemNote error={write.error} />
      <p className="mb-3 text-sm text-quiet">{t('resetHint')}</p>
      <div className="flex flex-wrap items-end gap-3">
        <Field
          label={t('reason')}
          value={reason}
          maxLength={256}
          onChange={(e) => setReason(e.target.value)}
        />
        <Confirm
          action={t('reset')}
          question={t('resetOf', { subject: new URLSearchParams(subject).toString() })}
          isDangerous
          onConfirm={() => write.mutate({ path: '/admin/subjects/reset', method: 'POST', body })}
        />
      </div>
      {write.isSuccess && (
        <p role="status" className="mt-2 text-sm text-good">
          {t('done')}
        </p>
      )}
    </Card>
  );
}
