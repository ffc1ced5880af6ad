import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '../../api/types.ts';
import { Field, Select } from '../../ui/basics.tsx';
import { Tick } from '../../ui/tick.tsx';
import { useWord } from '../../ui/word.tsx';
import { EVENT_TYPES } from './event-types.ts';

export type WebhookDraft = Pick<
  Schemas['WebhookInput'],
  'url' | 'filter' | 'template' | 'description' | 'enabled'
>;

const CONTENT_TYPES = ['application/json', 'application/x-www-form-urlencoded', 'text/plain'] as const;

interface FormProps {
  readonly draft: WebhookDraft;
  readonly onChange: (draft: WebhookDraft) => void;
}

/** A field for each setting of a webhook. */
export function WebhookForm({ draft, onChange }: FormProps) {
  const { t } = useTranslation();
  const { filter = {}, description, ...others } = draft;
  const narrow = (name: 'resource' | 'rule', value: string) => {
    const { [name]: _before, ...rest } = filter;
    onChange({ ...draft, filter: value === '' ? rest : { ...rest, [name]: value } });
  };
  return (
    <div className="flex flex-col gap-3">
      <Field
        label={t('url')}
        type="url"
        placeholder="https://hooks.example.org/sundial"
        value={draft.url}
        onChange={(event) => onChange({ ...draft, url: event.target.value })}
      />
      <Types draft={draft} onChange={onChange} />
      <div className="flex flex-wrap gap-3">
        <Field
          label={t('resource')}
          value={filter.resource ?? ''}
          onChange={(event) => narrow('resource', event.target.value)}
        />
        <Field
          label={t('rule')}
          value={filter.rule ?? ''}
          onChange={(event) => narrow('rule', event.target.value)}
        />
        <Field
          label={t('description')}
          maxLength={256}
          value={description ?? ''}
          onChange={({ target: { value } }) =>
            onChange({ ...others, filter, ...(value && { description: value }) })
          }
        />
      </div>
      <Template draft={draft} onChange={onChange} />
      <Tick
        label={t('enabled')}
        isOn={draft.enabled ?? true}
        onChange={(enabled) => onChange({ ...draft, enabled })}
      />
    </div>
  );
}

function Types({ draft, onChange }: FormProps) {
  const { t } = useTranslation();
  const word = useWord();
  const { types: all, ...rest } = draft.filter ?? {};
  const types = all ?? [];
  const choose = (type: Schemas['EventType'], isOn: boolean) => {
    const chosen = EVENT_TYPES.filter((each) => (each === type ? isOn : types.includes(each)));
    onChange({ ...draft, filter: { ...rest, ...(chosen.length > 0 && { types: chosen }) } });
  };
  return (
    <fieldset>
      <legend className="text-sm text-quiet">{t('eventTypesHint')}</legend>
      <div className="mt-1 flex flex-wrap gap-x-4 gap-y-1">
        {EVENT_TYPES.map((type) => (
          <Tick
            key={type}
            label={word(type)}
            isOn={types.includes(type)}
            onChange={(isOn) => choose(type, isOn)}
          />
        ))}
      </div>
    </fieldset>
  );
}

/** A body of the operator's own in place of the CloudEvent. */
function Template({ draft, onChange }: FormProps) {
  const { t } = useTranslation();
  const id = useId();
  const { template, ...others } = draft;
  const choices = [
    { value: '', label: t('cloudEvent') },
    ...CONTENT_TYPES.map((value) => ({ value, label: value })),
  ];
  const choose = (value: string) => {
    const contentType = CONTENT_TYPES.find((each) => each === value);
    onChange(contentType ? { ...others, template: { body: template?.body ?? '', contentType } } : others);
  };
  return (
    <>
      <Select
        label={t('bodySent')}
        choices={choices}
        value={template?.contentType ?? ''}
        onChange={(event) => choose(event.target.value)}
      />
      {template && (
        <div>
          <label htmlFor={id} className="text-sm text-quiet">
            {t('template')}
          </label>
          <textarea
            id={id}
            rows={4}
            maxLength={4_096}
            spellCheck={false}
            className="w-full rounded border border-line bg-page p-2 font-mono text-sm"
            value={template.body}
            onChange={(event) => onChange({ ...draft, template: { ...template, body: event.target.value } })}
          />
        </div>
      )}
    </>
  );
}
