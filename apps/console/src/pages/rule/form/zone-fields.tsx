import { useTranslation } from 'react-i18next';
import type { Rule } from '../../../api/types.ts';
import { Tick } from '../../../ui/tick.tsx';
import { TextAt, withField } from './rule-fields.tsx';

interface ZoneFieldsProps {
  readonly rule: Rule;
  readonly onChange: (rule: Rule) => void;
}

/** The time zone of windows: one for all, or the subject's own with a default. */
export function ZoneFields({ rule, onChange }: ZoneFieldsProps) {
  const { t } = useTranslation();
  const { timeZone } = rule;
  const own = typeof timeZone === 'object' ? timeZone : undefined;
  const zone = own?.default ?? (timeZone as string | undefined);
  const set = (next: Rule['timeZone'] | undefined) => onChange(withField(rule, 'timeZone', next));
  return (
    <>
      <TextAt
        path={own ? 'timeZone.default' : 'timeZone'}
        label={t('timeZone')}
        placeholder="UTC"
        list="time-zones"
        value={zone}
        onChange={(text) => set(own ? { ...own, default: text ?? '' } : text)}
      />
      <datalist id="time-zones">
        {Intl.supportedValuesOf('timeZone').map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <TextAt
        path="timeZone.by"
        label={t('zoneBy')}
        hint={t('optional')}
        value={own?.by}
        onChange={(by) => set(by === undefined ? zone : { by, default: zone ?? 'UTC' })}
      />
      {(own || rule.strictZone) && (
        <div className="self-end pb-2">
          <Tick
            label={t('strictZone')}
            isOn={rule.strictZone === true}
            onChange={(isOn) => onChange(withField(rule, 'strictZone', isOn || undefined))}
          />
        </div>
      )}
    </>
  );
}
