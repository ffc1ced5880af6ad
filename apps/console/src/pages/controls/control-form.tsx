import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Field, Select } from '../../ui/basics.tsx';
import { Confirm } from '../../ui/confirm.tsx';

interface Wanted {
  readonly resource: string;
  readonly kind: string;
  readonly until: string;
  readonly reason: string;
}

interface ControlFormProps {
  readonly kinds: readonly string[];
  readonly nameOf: (kind: string) => string;
  readonly minutes: readonly string[];
  readonly question: string;
  readonly onSet: (wanted: Wanted) => void;
}

/** Which resource, what is set on it, for how long and why; nothing is set before a question was answered. */
export function ControlForm({ kinds, nameOf, minutes, question, onSet }: ControlFormProps) {
  const { t } = useTranslation();
  const [resource, setResource] = useState('');
  const [kind, setKind] = useState(kinds[0]!);
  const [length, setLength] = useState(minutes[0]!);
  const [reason, setReason] = useState('');
  const set = () =>
    onSet({ resource, kind, reason, until: new Date(Date.now() + Number(length) * 60_000).toISOString() });
  return (
    <div className="mt-4 flex flex-wrap items-end gap-3 border-t border-line pt-3">
      <Field
        label={t('resource')}
        placeholder={question === 'confirmGate' ? '*' : ''}
        value={resource}
        onChange={(event) => setResource(event.target.value)}
      />
      <Select
        label={t('state')}
        choices={kinds.map((value) => ({ value, label: nameOf(value) }))}
        value={kind}
        onChange={(event) => setKind(event.target.value)}
      />
      <Select
        label={t('length')}
        choices={minutes.map((value) => ({ value, label: t('minutes', { count: Number(value) }) }))}
        value={length}
        onChange={(event) => setLength(event.target.value)}
      />
      <Field label={t('reason')} value={reason} maxLength={256} onChange={(e) => setReason(e.target.value)} />
      <Confirm
        action={t('set')}
        question={t(question, { resource, kind: nameOf(kind), minutes: length })}
        isDangerous
        isDisabled={resource === ''}
        onConfirm={set}
      />
    </div>
  );
}
