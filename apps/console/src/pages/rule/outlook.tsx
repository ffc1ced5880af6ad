import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call, type ApiError } from '../../api/client.ts';
import type { Rule, Schemas } from '../../api/types.ts';
import { Card } from '../../ui/basics.tsx';
import { windowName } from '../../ui/limits.tsx';
import { ProblemNote } from '../../ui/problem.tsx';

const PAUSE_MS = 400;

/** What the service says of the draft while it is typed: what is wrong with it, or what it would do. Nothing is written. */
export function Outlook({ rule }: { readonly rule: Rule }) {
  const { t } = useTranslation();
  const settled = useSettled(rule);
  const { data, error } = useQuery<Schemas['RuleOutlook'], ApiError>({
    queryKey: ['outlook', settled],
    queryFn: async () =>
      (await call<Schemas['RuleOutlook']>('/admin/rules/preview', { method: 'POST', body: settled })).data,
  });
  return (
    <Card title={t('preview')}>
      <ProblemNote error={error} />
      {data && !error && (
        <div className="text-sm">
          <p>{t('outlook', { over: data.over, near: data.near, sampled: data.sampled })}</p>
          {data.effects?.map((effect, index) => (
            <p key={index} className="mt-1 text-warn">
              <Effect effect={effect} />
            </p>
          ))}
        </div>
      )}
    </Card>
  );
}

function Effect({ effect }: { readonly effect: NonNullable<Schemas['RuleOutlook']['effects']>[number] }) {
  const { t } = useTranslation();
  if (effect.kind === 'callers-need-attribute')
    return t('needAttribute', { resource: effect.resource, attribute: effect.attribute });
  const windows = effect.windows.map(windowName).join(', ');
  return t('countersRestart', { windows, changed: effect.changed.join(', ') });
}

function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
