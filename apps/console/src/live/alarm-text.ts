import type { Schemas } from '../api/types.ts';

export type SayingAlarm = Pick<Schemas['ReportedAlarm'], 'kind' | 'terms' | 'channel' | 'summary'>;

type Values = Readonly<Record<string, number | string>>;

/** The sentence of an alarm's kind with its numbers; undefined where `t` has none. */
export function alarmText(
  { kind, terms, channel }: SayingAlarm,
  t: (key: string, values: Values) => string | undefined,
): string | undefined {
  const what = t(`alarm_${variantOf(kind, terms)}`, valuesOf(terms));
  return what === undefined || channel === null ? what : t('alarmOn', { what, ...channel });
}

/** Some kinds say something else with other terms. */
function variantOf(kind: SayingAlarm['kind'], terms: Values): string {
  if (kind === 'control-in-force') return `${terms['control']}-in-force`;
  return kind === 'volume' && 'factor' in terms ? 'volume-of-yesterday' : kind;
}

function valuesOf(terms: Values): Values {
  const { withinMs, rate } = terms;
  return {
    ...terms,
    ...(typeof withinMs === 'number' && { seconds: withinMs / 1_000 }),
    ...(typeof rate === 'number' && { percent: Number((rate * 100).toFixed(2)) }),
  };
}
