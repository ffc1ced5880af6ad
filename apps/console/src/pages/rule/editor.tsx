import { Link } from '@tanstack/react-router';
import type { ComponentProps } from 'react';
import { useTranslation } from 'react-i18next';
import type { Answer } from '../../api/client.ts';
import { useMay } from '../../api/queries.ts';
import type { Rule } from '../../api/types.ts';
import { useDraft } from './draft.ts';
import { DraftErrors } from './form/rule-fields.tsx';
import { RuleForm } from './form/rule-form.tsx';
import { RuleHistory } from './history.tsx';
import { NearSubjects } from './near-subjects.tsx';
import { Outlook, useOutlook } from './outlook.tsx';
import { RuleOverrides } from './rule-overrides.tsx';
import { RuleText, useUnreadable } from './rule-text.tsx';
import { Save } from './save.tsx';
import { TryCheck } from './try-check.tsx';
import { isOfDraft, type RuleView } from './views.tsx';

const NEW: Rule = {
  ...{ id: 'my-rule', resource: 'my-resource', per: ['user'], timeZone: 'UTC' },
  ...{ limits: [{ window: 'day', max: 10 }], mode: 'enforce', degrade: 'local' },
} as Rule;

interface EditorProps {
  readonly id: string;
  readonly view: RuleView;
  /** Undefined: a new rule. */
  readonly inForce: Answer<Rule> | undefined;
  readonly reload: () => Promise<void>;
}

/** The draft, beside what it would do and what it changes; or what is of the rule in force. */
export function Editor({ id, view, inForce, reload }: EditorProps) {
  const draft = useDraft(id, inForce, NEW);
  const unreadable = useUnreadable(id);
  const isValid = unreadable.value === null;
  const isUnsaved = draft.isChanged || !isValid;
  const discard = () => {
    draft.discard();
    unreadable.discard();
  };
  if (isOfDraft(view))
    return (
      <DraftParts
        {...{ id, view, inForce, reload, unreadable }}
        draft={{ ...draft, discard, isUnsaved, isValid }}
      />
    );
  return (
    <RuleParts
      id={id}
      view={view}
      isCounted={inForce?.data.mode !== 'off'}
      waiting={isUnsaved && (isValid ? 'form' : 'text')}
    />
  );
}

interface DraftProps extends EditorProps {
  readonly draft: ComponentProps<typeof Save>['draft'];
  readonly unreadable: ReturnType<typeof useUnreadable>;
}

function DraftParts({ id, view, inForce, reload, draft, unreadable }: DraftProps) {
  const { t } = useTranslation();
  const mayWrite = useMay('admin');
  const { rule, isValid, change } = draft;
  const outlook = useOutlook(rule);
  return (
    <div className="grid items-start gap-x-4 xl:grid-cols-[minmax(0,1fr)_22rem]">
      <div className="min-w-0">
        {!isValid && view !== 'text' && <Notice id={id} view="text" text={t('textUnreadable')} />}
        <DraftErrors value={outlook.error?.problem.errors ?? []}>
          {view === 'form' && (
            <fieldset disabled={!mayWrite || !isValid} className="contents">
              <RuleForm rule={rule} isNew={inForce === undefined} onChange={change} />
            </fieldset>
          )}
          {view === 'text' && (
            <fieldset disabled={!mayWrite} className="contents">
              <RuleText rule={rule} unreadable={unreadable} onChange={change} />
            </fieldset>
          )}
        </DraftErrors>
        {view === 'try' && <TryCheck key={rule.resource} id={id} rule={rule} />}
      </div>
      <div className="min-w-0 xl:sticky xl:top-4">
        {isValid && <Outlook outlook={outlook} />}
        {mayWrite && <Save {...{ id, inForce, reload, draft }} />}
      </div>
    </div>
  );
}

interface RulePartsProps {
  readonly id: string;
  readonly view: RuleView;
  readonly isCounted: boolean;
  /** Where the draft is that is not saved; false: there is none. */
  readonly waiting: 'form' | 'text' | false;
}

function RuleParts({ id, view, isCounted, waiting }: RulePartsProps) {
  const { t } = useTranslation();
  return (
    <>
      {waiting && <Notice id={id} view={waiting} text={t('draftWaits')} />}
      {view === 'history' && <RuleHistory rule={id} />}
      {view === 'subjects' && isCounted && <NearSubjects rule={id} />}
      {view === 'subjects' && <RuleOverrides rule={id} />}
    </>
  );
}

interface NoticeProps {
  readonly id: string;
  readonly view: 'form' | 'text';
  readonly text: string;
}

function Notice({ id, view, text }: NoticeProps) {
  const { t } = useTranslation();
  const search = view === 'text' ? { view } : {};
  return (
    <p role="status" className="mb-4 rounded border border-warn p-3 text-sm">
      {text}{' '}
      <Link to="/rules/$id" params={{ id }} search={search as never} className="text-accent underline">
        {t(`view_${view}`)}
      </Link>
    </p>
  );
}
