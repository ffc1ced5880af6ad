import { useTranslation } from 'react-i18next';
import { useWrite } from '../../api/queries.ts';
import type { LimitState, Schemas, Subject } from '../../api/types.ts';
import { Button, Field, Select } from '../../ui/basics.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { readersTimeZone } from '../../ui/filters.tsx';
import { subjectText } from '../../ui/subject-text.ts';
import { useKept } from '../../ui/kept.ts';
import { keyOfLimit } from '../../ui/limits.tsx';
import { ProblemNote } from '../../ui/problem.tsx';
import { Reason } from '../../ui/reason.tsx';
import { useWindowName } from '../../ui/window-name.ts';
import { draftOf, inputOf, type Draft, type Way } from './override-draft.ts';
import { useOverriddenText } from './override-of.ts';

interface FormProps {
  readonly rule: string;
  readonly subject: Subject;
  readonly override: Schemas['Override'] | undefined;
  readonly limits: readonly LimitState[];
}

/** Any limit of a rule for one subject, set or raised, from and until an instant. */
export function OverrideForm({ rule, subject, override, limits }: FormProps) {
  const { t } = useTranslation();
  const text = useOverriddenText();
  const draft = useKept(`override ${rule} ${subjectText(subject)}`, draftOf(override));
  const write = useWrite(draft.discard);
  const { ways, from, until, reason } = draft.value;
  const change = (part: Partial<Draft>) => draft.set({ ...draft.value, ...part });
  const body = inputOf({ rule, subject, limits, draft: draft.value });
  const hint = t('localTime', { zone: readersTimeZone() });
  return (
    <div className="mt-3 border-t border-line pt-3">
      <ProblemNote error={write.error} />
      {limits.map((limit) => (
        <LimitFields
          key={keyOfLimit(limit)}
          limit={limit}
          chosen={ways[keyOfLimit(limit)]}
          onChange={(chosen) => {
            const { [keyOfLimit(limit)]: _before, ...others } = ways;
            change({ ways: chosen ? { ...others, [keyOfLimit(limit)]: chosen } : others });
          }}
        />
      ))}
      <div className="grid items-end gap-3 sm:grid-cols-2 lg:grid-cols-3">
        <Field
          label={t('validFrom')}
          hint={hint}
          type="datetime-local"
          value={from}
          onChange={(event) => change({ from: event.target.value })}
        />
        <Field
          label={t('validUntil')}
          hint={hint}
          type="datetime-local"
          value={until}
          onChange={(event) => change({ until: event.target.value })}
        />
        <Reason value={reason} onChange={(value) => change({ reason: value })} />
      </div>
      <div className="mt-3 flex gap-3">
        <Confirm
          action={t('saveOverride')}
          question={t('confirmOverride', { rule, subject: subjectText(subject), limits: text(body) })}
          isDisabled={!draft.isChanged || body.limits.length === 0}
          onConfirm={() => write.mutate({ path: '/admin/overrides', method: 'PUT', body })}
        />
        <Button onClick={draft.discard} disabled={!draft.isChanged}>
          {t('discard')}
        </Button>
      </div>
    </div>
  );
}

interface LimitFieldsProps {
  readonly limit: LimitState;
  readonly chosen: Draft['ways'][string] | undefined;
  readonly onChange: (chosen: Draft['ways'][string] | undefined) => void;
}

function LimitFields({ limit, chosen, onChange }: LimitFieldsProps) {
  const { t } = useTranslation();
  const windowName = useWindowName();
  const name = `${windowName(limit.window)} · ${limit.meter}`;
  const choices = [
    { value: '', label: t('asRule') },
    { value: 'set', label: t('setTo') },
    { value: 'add', label: t('addMore') },
  ];
  const choose = (way: string) =>
    onChange(way === '' ? undefined : { way: way as Way, value: chosen?.value ?? String(limit.max ?? '') });
  return (
    <div className="mb-3 grid items-end gap-3 sm:grid-cols-2 lg:grid-cols-3">
      <Select
        label={name}
        choices={choices}
        value={chosen?.way ?? ''}
        onChange={(event) => choose(event.target.value)}
      />
      {chosen && (
        <Field
          label={`${name}: ${t(chosen.way === 'set' ? 'setTo' : 'addMore')}`}
          {...(chosen.way === 'set' && { hint: t('emptyUnlimited') })}
          inputMode="numeric"
          value={chosen.value}
          onChange={(event) => onChange({ ...chosen, value: event.target.value.replace(/\D/g, '') })}
        />
      )}
    </div>
  );
}
