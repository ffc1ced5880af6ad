import { useTranslation } from 'react-i18next';
import type { Rule } from '../../../api/types.ts';
import { Button } from '../../../ui/basics.tsx';
import { Tick } from '../../../ui/tick.tsx';
import { useWindowName } from '../../../ui/window-name.ts';
import { FlowFields } from './flow-fields.tsx';
import { MaxAt, TextAt, ThresholdsAt, withField } from './rule-fields.tsx';
import { Schedules } from './schedule-fields.tsx';
import { WindowFields } from './window-fields.tsx';

type Limit = Rule['limits'][number];

interface LimitListProps {
  readonly limits: readonly Limit[];
  readonly onChange: (limits: Rule['limits']) => void;
}

/** Each limit of a rule, with all that it can have. */
export function LimitList({ limits, onChange }: LimitListProps) {
  const { t } = useTranslation();
  const replace = (at: number, next: Limit) =>
    onChange(limits.map((limit, index) => (index === at ? next : limit)));
  return (
    <>
      {limits.map((limit, index) => (
        <LimitFields
          key={index}
          path={`limits.${index}`}
          limit={limit}
          onChange={(next) => replace(index, next)}
          remove={limits.length > 1 ? () => onChange(limits.filter((_, at) => at !== index)) : undefined}
        />
      ))}
      <Button onClick={() => onChange([...limits, { window: 'month', max: 100 }])}>{t('addLimit')}</Button>
    </>
  );
}

interface LimitFieldsProps {
  readonly path: string;
  readonly limit: Limit;
  readonly onChange: (limit: Limit) => void;
  /** Undefined: the last one stays. */
  readonly remove: (() => void) | undefined;
}

function LimitFields({ path, limit, onChange, remove }: LimitFieldsProps) {
  const { t } = useTranslation();
  const windowName = useWindowName();
  const { window, max, meter } = limit;
  return (
    <fieldset className="mb-3 rounded border border-line p-3">
      <legend className="px-1 text-sm font-medium">
        {max ?? '∞'} {meter ?? 'units'} / {windowName(window)}
      </legend>
      <div className="grid items-start gap-3 sm:grid-cols-2 lg:grid-cols-4">
        <MaxAt path={`${path}.max`} value={max} onChange={(value) => onChange({ ...limit, max: value })} />
        <TextAt
          path={`${path}.meter`}
          label={t('meter')}
          placeholder="units"
          value={meter}
          onChange={(text) => onChange(withField(limit, 'meter', text))}
        />
        <WindowFields
          path={`${path}.window`}
          window={window}
          onChange={(next) => onChange({ ...limit, window: next })}
        />
      </div>
      <More path={path} limit={limit} onChange={onChange} />
      {remove && (
        <div className="mt-3 flex justify-end">
          <Button onClick={remove}>{t('removeLimit')}</Button>
        </div>
      )}
    </fieldset>
  );
}

/** What most limits do without; open where one has some of it. */
function More({ path, limit, onChange }: Omit<LimitFieldsProps, 'remove'>) {
  const { t } = useTranslation();
  const { soft, onWarn, thresholds, when } = limit;
  const hasMore = Boolean(soft ?? onWarn ?? thresholds ?? when);
  return (
    <details className="mt-3" open={hasMore || undefined}>
      <summary className="cursor-pointer text-sm text-accent underline">{t('moreOfLimit')}</summary>
      <div className="mt-3 grid items-end gap-3 sm:grid-cols-2">
        <ThresholdsAt
          path={`${path}.thresholds`}
          label={t('thresholds')}
          hint={t('thresholdsHint')}
          placeholder="0.8, 1"
          value={thresholds ?? []}
          onChange={(list) => onChange(withField(limit, 'thresholds', list.length > 0 ? list : undefined))}
        />
        <Tick
          label={t('softHint')}
          isOn={soft === true}
          onChange={(isOn) => {
            const next = withField(limit, 'soft', isOn || undefined);
            onChange(isOn ? next : withField(next, 'onWarn', undefined));
          }}
        />
      </div>
      {(soft === true || onWarn) && (
        <FlowFields
          path={`${path}.onWarn`}
          title={t('onWarn')}
          flow={onWarn}
          onChange={(flow) => onChange(withField(limit, 'onWarn', flow))}
        />
      )}
      <Schedules
        path={`${path}.when`}
        schedules={when ?? []}
        onChange={(list) => onChange(withField(limit, 'when', list))}
      />
    </details>
  );
}
