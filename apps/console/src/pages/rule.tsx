import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { call, type Answer, type ApiError } from '../api/client.ts';
import type { Rule } from '../api/types.ts';
import { PageTitle } from '../ui/basics.tsx';
import { useWanted } from '../ui/filters.tsx';
import { Loading, ProblemNote } from '../ui/problem.tsx';
import { Editor } from './rule/editor.tsx';
import { ViewLinks, viewOf } from './rule/views.tsx';

/** One rule: a draft of it, what the draft would do, and what it differs in from what is in force; whom it counts, and its history. */
export function Page() {
  const { id = 'new' } = useParams({ strict: false });
  const isNew = id === 'new';
  const { data, error, refetch } = useQuery<Answer<Rule>, ApiError>({
    queryKey: ['rule', id],
    enabled: !isNew,
    // What is being edited is compared with what it was begun from.
    refetchOnWindowFocus: false,
    staleTime: Infinity,
    queryFn: () => call<Rule>(`/admin/rules/${encodeURIComponent(id)}`),
  });
  const { t } = useTranslation();
  const view = viewOf(useWanted(), isNew);
  const inForce = isNew ? undefined : data;
  return (
    <>
      <PageTitle>{isNew ? t('newRule') : id}</PageTitle>
      <ProblemNote error={error} />
      {!isNew && data === undefined && !error && <Loading />}
      {(isNew || data !== undefined) && (
        <>
          <ViewLinks id={id} isNew={isNew} />
          <Editor key={id} {...{ id, view, inForce }} reload={async () => void (await refetch())} />
        </>
      )}
    </>
  );
}
