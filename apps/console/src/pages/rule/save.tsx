import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Answer } from '../../api/client.ts';
import { useWrite } from '../../api/queries.ts';
import type { Rule, Schemas } from '../../api/types.ts';
import { Button, Card } from '../../ui/basics.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { DiffLines } from '../../ui/diff-lines.tsx';
import { Done } from '../../ui/done.tsx';
import { useKept } from '../../ui/kept.ts';
import { ProblemNote } from '../../ui/problem.tsx';
import { Reason } from '../../ui/reason.tsx';
import { Diff } from './diff.tsx';
import type { useDraft } from './draft.ts';
import { textOf } from './rule-text.tsx';

interface SaveProps {
  readonly id: string;
  /** Undefined: a new rule. */
  readonly inForce: Answer<Rule> | undefined;
  readonly draft: ReturnType<typeof useDraft> & {
    /** Whether anything is lost when it is discarded. */
    readonly isUnsaved: boolean;
    /** Whether all that was typed could be read. */
    readonly isValid: boolean;
  };
  readonly reload: () => Promise<void>;
}

/** Shows what changes, saves it if the rule is still as it was when the draft was begun, and says which nodes have it. */
export function Save({ id, inForce, draft, reload }: SaveProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const reason = useKept(`rule-reason ${id}`, '');
  const [written, setWritten] = useState<Schemas['RuleWritten']>();
  const write = useWrite<Schemas['RuleWritten']>(async (answer) => {
    setWritten(answer);
    draft.discard();
    reason.discard();
    await reload();
    if (inForce === undefined) void navigate({ to: '/rules/$id', params: { id: answer.rule?.id ?? id } });
  });
  const remove = useWrite(() => {
    draft.discard();
    void navigate({ to: '/rules' });
  });
  const { rule, base, isChanged, isUnsaved, isValid } = draft;
  const query = { reason: reason.value };
  const path = `/admin/rules/${encodeURIComponent(id)}`;
  const isStale = isChanged && inForce !== undefined && base?.etag !== inForce.etag;
  const save = () =>
    write.mutate(
      inForce === undefined
        ? { path: '/admin/rules', method: 'POST', body: rule, query }
        : { path, method: 'PUT', body: rule, query, ifMatch: base?.etag },
      { onError: ({ problem }) => void (problem.code === 'rule-changed' && reload()) },
    );
  return (
    <Card title={t('changes')}>
      {isStale ? (
        <Stale base={base?.data} inForce={inForce} draft={draft} reset={write.reset} />
      ) : (
        <Diff before={base?.data} after={rule} />
      )}
      <ProblemNote error={write.error ?? remove.error} />
      {written?.nodes && <Done>{t('applied', { ...written.nodes, version: written.version })}</Done>}
      <div className="mt-3 flex flex-wrap items-end gap-3">
        <Reason value={reason.value} onChange={reason.set} />
        <Button
          kind="primary"
          onClick={save}
          disabled={!isValid || isStale || write.isPending || (!isChanged && inForce !== undefined)}
        >
          {t('save')}
        </Button>
        <Button onClick={draft.discard} disabled={!isUnsaved}>
          {t('discard')}
        </Button>
      </div>
      {inForce !== undefined && (
        <div className="mt-4 border-t border-line pt-3">
          <Confirm
            action={t('deleteThisRule')}
            confirm={t('delete')}
            question={t('deleteRule', { id })}
            isDangerous
            onConfirm={() => remove.mutate({ path, method: 'DELETE', query, ifMatch: inForce.etag })}
          />
        </div>
      )}
    </Card>
  );
}

interface StaleProps {
  readonly base: Rule | undefined;
  readonly inForce: Answer<Rule>;
  readonly draft: SaveProps['draft'];
  readonly reset: () => void;
}

/** What another operator changed since the draft was begun. */
function Stale({ base, inForce, draft, reset }: StaleProps) {
  const { t } = useTranslation();
  const goOn = () => {
    draft.moveTo(inForce);
    reset();
  };
  return (
    <div role="alert" className="mb-3 rounded border border-warn p-3">
      <p className="mb-2 text-sm">{t('staleHint')}</p>
      <h3 className="mb-1 text-sm font-semibold">{t('changedMeanwhile')}</h3>
      <DiffLines before={base ? textOf(base) : ''} after={textOf(inForce.data)} />
      <Button onClick={goOn}>{t('compareWithCurrent')}</Button>
    </div>
  );
}
