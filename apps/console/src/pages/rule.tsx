import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call, type Answer, type ApiError } from '../api/client.ts';
import { useMay } from '../api/queries.ts';
import type { Rule } from '../api/types.ts';
import { PageTitle } from '../ui/basics.tsx';
import { Loading, ProblemNote } from '../ui/problem.tsx';
import { useDraft } from './rule/draft.ts';
import { DraftErrors } from './rule/form/rule-fields.tsx';
import { RuleForm } from './rule/form/rule-form.tsx';
import { RuleHistory } from './rule/history.tsx';
import { NearSubjects } from './rule/near-subjects.tsx';
import { Outlook, useOutlook } from './rule/outlook.tsx';
import { RuleText } from './rule/rule-text.tsx';
import { Save } from './rule/save.tsx';
import { TryCheck } from './rule/try-check.tsx';

const NEW: Rule = {
  ...{ id: 'my-rule', resource: 'my-resource', per: ['user'], timeZone: 'UTC' },
  ...{ limits: [{ window: 'day', max: 10 }], mode: 'enforce', degrade: 'local' },
} as Rule;

/** One rule: a draft of it, what the draft would do, and what it differs in from what is in force. */
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
  const inForce = isNew ? undefined : data;
  return (
    <>
      <PageTitle>{isNew ? t('newRule') : id}</PageTitle>
      <ProblemNote error={error} />
      {!isNew && data === undefined && !error && <Loading />}
      {(isNew || data !== undefined) && (
        <Editor key={id} id={id} inForce={inForce} reload={async () => void (await refetch())} />
      )}
    </>
  );
}

interface EditorProps {
  readonly id: string;
  /** Undefined: a new rule. */
  readonly inForce: Answer<Rule> | undefined;
  readonly reload: () => Promise<void>;
}

function Editor({ id, inForce, reload }: EditorProps) {
  const mayWrite = useMay('admin');
  const draft = useDraft(id, inForce, NEW);
  const [isValid, setValid] = useState(true);
  const { rule } = draft;
  const outlook = useOutlook(rule);
  const errors = outlook.error?.problem.errors ?? [];
  return (
    <>
      <DraftErrors value={errors}>
        <fieldset disabled={!mayWrite} className="contents">
          <RuleForm rule={rule} isNew={inForce === undefined} onChange={draft.change} />
          <RuleText rule={rule} onChange={draft.change} onValid={setValid} />
        </fieldset>
      </DraftErrors>
      {isValid && <Outlook outlook={outlook} />}
      {mayWrite && <Save {...{ id, inForce, draft, isValid, reload }} />}
      <TryCheck key={rule.resource} rule={rule} />
      {inForce && (
        <>
          {inForce.data.mode !== 'off' && <NearSubjects rule={id} />}
          <RuleHistory rule={id} />
        </>
      )}
    </>
  );
}
