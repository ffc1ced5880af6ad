import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFoundSubjects } from '../../api/found-subjects.ts';
import type { Schemas, Subject } from '../../api/types.ts';
import { Button, Field } from '../../ui/basics.tsx';
import { CsvButton } from '../../ui/csv-button.tsx';
import { subjectFrom, subjectText } from '../../ui/subject-text.ts';
import { SubjectLink } from '../../ui/links.tsx';
import { ProblemNote } from '../../ui/problem.tsx';
import { Instant } from '../../ui/time.tsx';

/** Opens a subject by its attributes, or finds it by how one begins. */
export function SubjectSearch({ subject }: { readonly subject: Subject }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const named = Object.keys(subject).length > 0 ? subjectText(subject) : '';
  const [text, setText] = useState(named);
  const isSearching = text.trim() !== named || named === '';
  const { data, error } = useFoundSubjects(text, isSearching);
  const isOff = error?.problem.code === 'ledger-off';
  return (
    <>
      <form
        role="search"
        className="flex flex-wrap items-end gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (text.includes('=')) void navigate({ to: '/subject', search: subjectFrom(text) as never });
        }}
      >
        <Field
          label={t('findSubject')}
          hint={t('findSubjectHint')}
          value={text}
          autoFocus={named === ''}
          onChange={(event) => setText(event.target.value)}
        />
        <Button type="submit" kind="primary" disabled={!text.includes('=')}>
          {t('show')}
        </Button>
      </form>
      {isSearching && (
        <div className="mt-3" aria-live="polite">
          <ProblemNote error={isOff && named !== '' ? null : error} />
          {data && <FoundList subjects={data.subjects} text={text} />}
        </div>
      )}
    </>
  );
}

interface FoundListProps {
  readonly subjects: Schemas['FoundSubjects']['subjects'];
  readonly text: string;
}

function FoundList({ subjects, text }: FoundListProps) {
  const { t } = useTranslation();
  if (subjects.length === 0)
    return (
      <p className="text-sm text-quiet">
        {t('noSubjectFound')} <code>user=u1</code>
        {text.includes('=') && (
          <>
            {' · '}
            <Link to="/subject" search={subjectFrom(text) as never} className="text-accent underline">
              {t('openSubject', { subject: text.trim() })}
            </Link>
          </>
        )}
      </p>
    );
  const columns = {
    subject: (row: (typeof subjects)[number]) => row.subject,
    seenAt: (row: (typeof subjects)[number]) => row.seenAt,
  };
  return (
    <>
      <div className="mb-2 flex items-center justify-between gap-3">
        <h2 className="text-sm font-semibold">{t('subjectsFound')}</h2>
        <CsvButton name="subjects" rows={subjects} columns={columns} />
      </div>
      <ul className="grid gap-x-6 sm:grid-cols-2">
        {subjects.map(({ subject, seenAt }) => (
          <li
            key={subjectText(subject)}
            className="flex justify-between gap-3 border-b border-line py-1.5 text-sm"
          >
            <SubjectLink subject={subject} />
            <span className="text-quiet" title={t('lastSeen')}>
              <Instant at={seenAt} />
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
