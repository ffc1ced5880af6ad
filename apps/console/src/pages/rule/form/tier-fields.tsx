import { useTranslation } from 'react-i18next';
import type { Rule } from '../../../api/types.ts';
import { Button } from '../../../ui/basics.tsx';
import { Tick } from '../../../ui/tick.tsx';
import { useWindowName } from '../../../ui/window-name.ts';
import { MaxAt, TextAt } from './rule-fields.tsx';

type Tiers = NonNullable<Rule['tiers']>;
type TierLimit = Tiers['max'][string][number];

interface TierFieldsProps {
  readonly rule: Rule;
  readonly onChange: (tiers: Tiers | undefined) => void;
}

/** Another max for callers whose attribute has a certain value. */
export function TierFields({ rule: { tiers, limits }, onChange }: TierFieldsProps) {
  const { t } = useTranslation();
  if (tiers === undefined) {
    const first = { by: 'plan', max: { vip: [ofLimit(limits[0]!)] } };
    return <Button onClick={() => onChange(first)}>{t('addTiers')}</Button>;
  }
  const rename = (from: string, to = '') =>
    onChange({
      ...tiers,
      max: Object.fromEntries(
        Object.entries(tiers.max).map(([name, max]) => [name === from ? to : name, max]),
      ),
    });
  const remove = (name: string) => {
    const { [name]: _gone, ...max } = tiers.max;
    onChange(Object.keys(max).length > 0 ? { ...tiers, max } : undefined);
  };
  return (
    <>
      <div className="mb-3 max-w-xs">
        <TextAt
          path="tiers.by"
          label={t('tiersBy')}
          value={tiers.by}
          onChange={(by = '') => onChange({ ...tiers, by })}
        />
      </div>
      {Object.entries(tiers.max).map(([name, its], index) => (
        <fieldset key={index} className="mb-3 rounded border border-line p-3">
          <legend className="px-1 text-sm font-medium">
            {tiers.by} = {name}
          </legend>
          <div className="mb-2 flex items-end gap-3">
            <TextAt
              path={`tiers.max.${name}`}
              label={t('tierName')}
              value={name}
              onChange={(to) => rename(name, to)}
            />
            <Button onClick={() => remove(name)}>{t('removeTier')}</Button>
          </div>
          <OfLimits
            path={`tiers.max.${name}`}
            limits={limits}
            its={its}
            onChange={(next) => onChange({ ...tiers, max: { ...tiers.max, [name]: next } })}
          />
        </fieldset>
      ))}
      <Button
        onClick={() =>
          onChange({ ...tiers, max: { ...tiers.max, [nameBeside(tiers.max)]: [ofLimit(limits[0]!)] } })
        }
      >
        {t('addTier')}
      </Button>
    </>
  );
}

interface OfLimitsProps {
  readonly path: string;
  readonly limits: Rule['limits'];
  readonly its: readonly TierLimit[];
  readonly onChange: (limits: TierLimit[]) => void;
}

/** Of each limit of the rule, whether the tier has another max. */
function OfLimits({ path, limits, its, onChange }: OfLimitsProps) {
  const { t } = useTranslation();
  const windowName = useWindowName();
  return limits.map((limit, index) => {
    const at = its.findIndex((each) => isSame(each, limit));
    const name = `${windowName(limit.window)} · ${limit.meter ?? 'units'}`;
    const others = its.filter((_, other) => other !== at);
    return (
      <div key={index} className="mb-2 flex flex-wrap items-end gap-3">
        <Tick
          label={`${name}: ${t('otherMax')}`}
          isOn={at >= 0}
          onChange={(isOn) => onChange(isOn ? [...its, ofLimit(limit)] : others)}
        />
        {at >= 0 && (
          <MaxAt
            path={`${path}.${at}.max`}
            label={`${t('max')}: ${name}`}
            value={its[at]!.max}
            onChange={(max) => onChange(its.map((each, other) => (other === at ? { ...each, max } : each)))}
          />
        )}
      </div>
    );
  });
}

function ofLimit({ window, meter, max }: Rule['limits'][number]): TierLimit {
  return { window, ...(meter !== undefined && { meter }), max };
}

function isSame(one: TierLimit, other: Rule['limits'][number]): boolean {
  return (
    JSON.stringify(one.window) === JSON.stringify(other.window) &&
    (one.meter ?? 'units') === (other.meter ?? 'units')
  );
}

function nameBeside(max: Tiers['max']): string {
  let count = Object.keys(max).length + 1;
  while (`tier-${count}` in max) count += 1;
  return `tier-${count}`;
}
