import { useTranslation } from 'react-i18next';
import type { Rule } from '../../../api/types.ts';
import { Card, Select } from '../../../ui/basics.tsx';
import { useWord } from '../../../ui/word.tsx';
import { FlowFields } from './flow-fields.tsx';
import { LimitList } from './limit-fields.tsx';
import { ListAt, TextAt, withField } from './rule-fields.tsx';
import { TierFields } from './tier-fields.tsx';
import { ZoneFields } from './zone-fields.tsx';

interface RuleFormProps {
  readonly rule: Rule;
  readonly isNew: boolean;
  readonly onChange: (rule: Rule) => void;
}

/** A field for everything that a rule can have. */
export function RuleForm({ rule, isNew, onChange }: RuleFormProps) {
  const { t } = useTranslation();
  const set = (change: Partial<Rule>) => onChange({ ...rule, ...change });
  return (
    <>
      <Card title={t('ruleBasics')}>
        <Named rule={rule} isNew={isNew} onChange={onChange} />
      </Card>
      <Card title={t('limits')}>
        <LimitList limits={rule.limits} onChange={(limits) => set({ limits })} />
      </Card>
      <Card title={t('tiers')}>
        <p className="mb-3 text-sm text-quiet">{t('tiersHint')}</p>
        <TierFields rule={rule} onChange={(tiers) => onChange(withField(rule, 'tiers', tiers))} />
      </Card>
      <Card title={t('onDeny')}>
        <p className="text-sm text-quiet">{t('onDenyHint')}</p>
        <FlowFields
          path="onDeny"
          title={t('flow')}
          flow={rule.onDeny}
          onChange={(flow) => onChange(withField(rule, 'onDeny', flow))}
        />
      </Card>
    </>
  );
}

function Named({ rule, isNew, onChange }: RuleFormProps) {
  const { t } = useTranslation();
  const word = useWord();
  const set = (change: Partial<Rule>) => onChange({ ...rule, ...change });
  const choices = (values: readonly string[]) => values.map((value) => ({ value, label: word(value) }));
  return (
    <div className="grid items-start gap-3 sm:grid-cols-2">
      {isNew && <TextAt path="id" label="id" value={rule.id} onChange={(id = '') => set({ id })} />}
      <TextAt
        path="resource"
        label={t('resource')}
        value={rule.resource}
        onChange={(resource = '') => set({ resource })}
      />
      <ListAt<string>
        path="per"
        label={t('per')}
        hint={t('perHint')}
        value={rule.per}
        read={(text) => text}
        onChange={(per) => set({ per })}
      />
      <ZoneFields rule={rule} onChange={onChange} />
      <Select
        label={t('mode')}
        choices={choices(['enforce', 'observe', 'off'])}
        value={rule.mode}
        onChange={(event) => set({ mode: event.target.value as Rule['mode'] })}
      />
      <Select
        label={t('degrade')}
        choices={choices(['local', 'allow', 'deny'])}
        value={rule.degrade}
        onChange={(event) => set({ degrade: event.target.value as Rule['degrade'] })}
      />
      <div className="sm:col-span-2">
        <TextAt
          path="description"
          label={t('description')}
          value={rule.description}
          onChange={(text) => onChange(withField(rule, 'description', text))}
        />
      </div>
    </div>
  );
}
