import { useTranslation } from 'react-i18next';
import type { Rule } from '../../api/types.ts';
import { Button, Card, Field, Select, type Choice } from '../../ui/basics.tsx';
import { windowName } from '../../ui/limits.tsx';

const UNITS = ['minute', 'hour', 'day', 'week', 'month', 'quarter', 'year', 'total', 'concurrent'];

interface RuleFormProps {
  readonly rule: Rule;
  readonly isNew: boolean;
  readonly onChange: (rule: Rule) => void;
}

/** The fields that are set most often; all others are in the text of the same rule. */
export function RuleForm({ rule, isNew, onChange }: RuleFormProps) {
  const { t } = useTranslation();
  const set = (change: Partial<Rule>) => onChange({ ...rule, ...change });
  return (
    <Card title={t('form')}>
      <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
        {isNew && <Field label="id" value={rule.id} onChange={(e) => set({ id: e.target.value })} />}
        <Field
          label={t('resource')}
          value={rule.resource}
          onChange={(e) => set({ resource: e.target.value })}
        />
        <Field
          label={t('per')}
          value={rule.per.join(', ')}
          onChange={(e) =>
            set({
              per: e.target.value
                .split(',')
                .map((name) => name.trim())
                .filter(Boolean),
            })
          }
        />
        {typeof rule.timeZone === 'string' && (
          <Field
            label={t('timeZone')}
            value={rule.timeZone}
            onChange={(e) => set({ timeZone: e.target.value })}
          />
        )}
        <Select
          label={t('mode')}
          choices={choices(['enforce', 'observe', 'off'])}
          value={rule.mode}
          onChange={(e) => set({ mode: e.target.value as Rule['mode'] })}
        />
        <Select
          label={t('degrade')}
          choices={choices(['local', 'allow', 'deny'])}
          value={rule.degrade}
          onChange={(e) => set({ degrade: e.target.value as Rule['degrade'] })}
        />
        <Field
          label={t('description')}
          value={rule.description ?? ''}
          onChange={(e) => set({ description: e.target.value })}
        />
      </div>
      <h3 className="mt-4 mb-2 text-sm font-semibold">{t('limits')}</h3>
      <LimitFields rule={rule} set={(limits) => set({ limits })} />
    </Card>
  );
}

function LimitFields({ rule, set }: { rule: Rule; set: (limits: Rule['limits']) => void }) {
  const { t } = useTranslation();
  const { limits } = rule;
  const change = (index: number, part: object) =>
    set(limits.map((limit, at) => (at === index ? { ...limit, ...part } : limit)));
  return (
    <>
      {limits.map((limit, index) => (
        <div key={index} className="mb-2 flex flex-wrap items-end gap-3">
          <Select
            label={t('window')}
            choices={windowChoices(limit.window)}
            value={typeof limit.window === 'string' ? limit.window : OWN}
            onChange={(e) => change(index, { window: e.target.value })}
          />
          <Field
            label={t('max')}
            hint={t('maxHint')}
            inputMode="numeric"
            value={limit.max ?? ''}
            onChange={(e) =>
              change(index, { max: /^\d+$/.test(e.target.value) ? Number(e.target.value) : null })
            }
          />
          <Field
            label={t('meter')}
            value={limit.meter ?? ''}
            placeholder="units"
            onChange={(e) => change(index, { meter: e.target.value || undefined })}
          />
          <Button onClick={() => set(limits.filter((_, at) => at !== index))} disabled={limits.length === 1}>
            {t('remove')}
          </Button>
        </div>
      ))}
      <Button onClick={() => set([...limits, { window: 'month', max: 100 }])}>{t('addLimit')}</Button>
    </>
  );
}

/** A window that the form has no fields for. */
const OWN = 'own';

function windowChoices(window: unknown): Choice[] {
  const own = typeof window === 'string' ? [] : [{ value: OWN, label: windowName(window) }];
  return [...own, ...choices(UNITS)];
}

function choices(values: readonly string[]): Choice[] {
  return values.map((value) => ({ value, label: value }));
}
