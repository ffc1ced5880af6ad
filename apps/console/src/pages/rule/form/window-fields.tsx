import { useTranslation } from 'react-i18next';
import type { Schemas } from '../../../api/types.ts';
import { Select } from '../../../ui/basics.tsx';
import { useWord } from '../../../ui/word.tsx';
import { NumberAt, TextAt, withField } from './rule-fields.tsx';

type Window = Schemas['RuleLimit']['window'];
type Spec = Schemas['WindowSpec'];

const UNITS = ['minute', 'hour', 'day', 'week', 'month', 'quarter', 'year', 'total', 'concurrent'] as const;
const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const SLOTS: readonly string[] = ['minute', 'hour'];
const OF_DAYS: readonly string[] = ['minute', 'hour', 'day', 'week', 'month', 'quarter', 'year'];

interface WindowFieldsProps {
  readonly path: string;
  readonly window: Window;
  readonly onChange: (window: Window) => void;
}

/** A window: its unit, how many of it, and where it begins. One that begins where its unit does is written short. */
export function WindowFields({ path, window, onChange }: WindowFieldsProps) {
  const { t } = useTranslation();
  const word = useWord();
  const spec: Spec = typeof window === 'string' ? { unit: window } : window;
  const set = (next: Spec) => onChange(Object.keys(next).length === 1 ? next.unit : next);
  return (
    <>
      <Select
        label={t('window')}
        choices={UNITS.map((value) => ({ value, label: word(value) }))}
        value={spec.unit}
        onChange={(event) => onChange(event.target.value as Spec['unit'])}
      />
      {SLOTS.includes(spec.unit) && (
        <NumberAt
          path={`${path}.every`}
          label={t('every')}
          placeholder="1"
          value={spec.every}
          onChange={(every) => set(withField(spec, 'every', every))}
        />
      )}
      {OF_DAYS.includes(spec.unit) && (
        <TextAt
          path={`${path}.startsAt`}
          label={t('startsAt')}
          placeholder="00:00"
          value={spec.startsAt}
          onChange={(startsAt) => set(withField(spec, 'startsAt', startsAt))}
        />
      )}
      <StartsOn path={`${path}.startsOn`} spec={spec} set={set} />
    </>
  );
}

interface StartsOnProps {
  readonly path: string;
  readonly spec: Spec;
  readonly set: (spec: Spec) => void;
}

/** The first weekday of a week, day of a month (or the subject's own), or day of a year. */
function StartsOn({ path, spec, set }: StartsOnProps) {
  const { t } = useTranslation();
  const word = useWord();
  const { unit, startsOn } = spec;
  const change = (value: Spec['startsOn']) => set(withField(spec, 'startsOn', value));
  if (unit === 'week')
    return (
      <Select
        label={t('startsOn')}
        choices={WEEKDAYS.map((value) => ({ value, label: word(value) }))}
        value={typeof startsOn === 'string' ? startsOn : 'monday'}
        onChange={({ target: { value } }) => change(value === 'monday' ? undefined : value)}
      />
    );
  if (unit === 'year')
    return (
      <TextAt
        path={path}
        label={t('startsOn')}
        placeholder="01-01"
        value={typeof startsOn === 'string' ? startsOn : undefined}
        onChange={change}
      />
    );
  if (unit !== 'month') return null;
  const own = typeof startsOn === 'object' ? startsOn : undefined;
  const day = own ? own.default : typeof startsOn === 'number' ? startsOn : undefined;
  const setBy = (by: string | undefined) => change(by === undefined ? day : { by, default: day ?? 1 });
  return (
    <>
      <NumberAt
        path={own ? `${path}.default` : path}
        label={t('startsOn')}
        placeholder="1"
        value={day}
        onChange={(value) => change(own ? { ...own, default: value as number } : value)}
      />
      <TextAt
        path={`${path}.by`}
        label={t('billingDayBy')}
        hint={t('optional')}
        value={own?.by}
        onChange={setBy}
      />
    </>
  );
}
