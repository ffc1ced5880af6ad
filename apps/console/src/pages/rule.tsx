import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call, type Answer, type ApiError } from '../api/client.ts';
import { useMay, useWrite } from '../api/queries.ts';
import type { Rule, Schemas } from '../api/types.ts';
import { Button, Card, Field, PageTitle } from '../ui/basics.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { Loading, ProblemNote } from '../ui/problem.tsx';
import { Diff } from './rule/diff.tsx';
import { RuleForm } from './rule/rule-form.tsx';
import { RuleText } from './rule/rule-text.tsx';
import { Outlook } from './rule/outlook.tsx';
import { TryCheck } from './rule/try-check.tsx';
import { useDraft } from './rule/draft.ts';

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
  const [draft, setDraft, discard] = useDraft(id, inForce?.data ?? NEW);
  const [isValid, setValid] = useState(true);
  const rule = draft ?? inForce?.data ?? NEW;
  return (
    <>
      <fieldset disabled={!mayWrite} className="contents">
        <RuleForm rule={rule} isNew={inForce === undefined} onChange={setDraft} />
        <RuleText rule={rule} onChange={setDraft} onValid={setValid} />
      </fieldset>
      {isValid && <Outlook rule={rule} />}
      {mayWrite && (
        <Save {...{ id, inForce, rule, isValid, discard, reload }} isChanged={draft !== undefined} />
      )}
      <TryCheck resource={rule.resource} per={rule.per} />
    </>
  );
}

interface SaveProps extends EditorProps {
  readonly rule: Rule;
  readonly isValid: boolean;
  readonly isChanged: boolean;
  readonly discard: () => void;
}

/** Shows what changes, saves it if the rule is still as it was read, and says which nodes have it. */
function Save({ id, inForce, rule, isValid, isChanged, discard, reload }: SaveProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [reason, setReason] = useState('');
  const [written, setWritten] = useState<Schemas['RuleWritten']>();
  const write = useWrite<Schemas['RuleWritten']>(async (answer) => {
    setWritten(answer);
    discard();
    await reload();
    if (inForce === undefined) void navigate({ to: '/rules/$id', params: { id: answer.rule?.id ?? id } });
  });
  const path = `/admin/rules/${encodeURIComponent(id)}`;
  const save = () =>
    write.mutate(
      inForce === undefined
        ? { path: '/admin/rules', method: 'POST', body: rule, query: { reason } }
        : { path, method: 'PUT', body: rule, query: { reason }, ifMatch: inForce.etag },
    );
  const remove = () => write.mutate({ path, method: 'DELETE', query: { reason }, ifMatch: inForce?.etag });
  const isStale = write.error?.problem.code === 'rule-changed';
  return (
    <Card title={t('changes')}>
      <Diff before={inForce?.data} after={rule} />
      <ProblemNote error={write.error} />
      {isStale && (
        <div className="mb-3">
          <p className="mb-2 text-sm">{t('staleHint')}</p>
          <Button onClick={() => void reload().then(() => write.reset())}>{t('compareWithCurrent')}</Button>
        </div>
      )}
      {written?.nodes && (
        <p role="status" className="mb-3 text-sm text-good">
          {t('applied', {
            applied: written.nodes.applied,
            live: written.nodes.live,
            version: written.version,
          })}
        </p>
      )}
      <div className="flex flex-wrap items-end gap-3">
        <Field
          label={t('reason')}
          value={reason}
          maxLength={256}
          onChange={(e) => setReason(e.target.value)}
        />
        <Button kind="primary" onClick={save} disabled={!isValid || (!isChanged && inForce !== undefined)}>
          {t('save')}
        </Button>
        <Button onClick={discard} disabled={!isChanged}>
          {t('discard')}
        </Button>
        {inForce !== undefined && (
          <Confirm action={t('delete')} question={t('deleteRule', { id })} isDangerous onConfirm={remove} />
        )}
      </div>
    </Card>
  );
}
