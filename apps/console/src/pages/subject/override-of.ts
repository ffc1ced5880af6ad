import { useTranslation } from 'react-i18next';
import { useRead } from '../../api/queries.ts';
import type { Rule, Schemas, Subject } from '../../api/types.ts';
import { useWindowName } from '../../ui/window-name.ts';

type Override = Schemas['Override'];

export const OVERRIDE_COLUMNS = {
  rule: (override: Override) => override.rule,
  subject: (override: Override) => override.subject,
  limits: (override: Override) => override.limits,
  validFrom: (override: Override) => override.validFrom,
  validUntil: (override: Override) => override.validUntil,
  reason: (override: Override) => override.reason,
  setBy: (override: Override) => override.setBy,
  setAt: (override: Override) => override.setAt,
};

interface OverrideOf {
  /** Of exactly the attributes that the rule counts by. */
  readonly subject: Subject;
  /** Undefined: there is none, or it is not known yet. */
  readonly override: Override | undefined;
  readonly isKnown: boolean;
}

/** A subject's override of a rule: among those whose first attribute begins as its own does. */
export function useOverride(rule: string, subject: Subject): OverrideOf {
  const read = useRead<Rule>(`/admin/rules/${encodeURIComponent(rule)}`);
  const per = read.data?.per ?? [];
  const its = Object.fromEntries(per.map((name) => [name, subject[name] ?? '']));
  const query = { rule, prefix: its[per[0] ?? ''] ?? '', limit: '200' };
  const { data } = useRead<Schemas['OverridePage']>('/admin/overrides', { query, isOn: per.length > 0 });
  const override = data?.overrides.find((each) => per.every((name) => each.subject[name] === its[name]));
  return { subject: its, override, isKnown: data !== undefined };
}

/** What an override says of limits: `day: set to 50, hour: add 5 tokens`. */
export function useOverriddenText(): (override: Pick<Override, 'limits'>) => string {
  const { t } = useTranslation();
  const windowName = useWindowName();
  return ({ limits }) =>
    limits
      .map(({ window, meter = '', set, add }) => {
        const change = add === undefined ? `${t('setTo')} ${set ?? '∞'}` : `${t('addMore')} ${add}`;
        return `${windowName(window)}: ${change} ${meter}`.trim();
      })
      .join(', ');
}
