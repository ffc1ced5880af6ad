import type { LimitState, OverriddenLimit, Subject, WindowSpec, WindowUnit } from '@sundial/contract';
import { listing } from '../terminal/table.js';

/** `user=u1 grade=3`. */
export function subjectText(subject: Subject): string {
  return Object.entries(subject)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

/** `day`, `5 hours`, `day from 04:00`, `month on 15`. */
export function windowText(window: WindowUnit | WindowSpec): string {
  if (typeof window === 'string') return window;
  const { unit, every, startsAt, startsOn } = window;
  const on = typeof startsOn === 'object' ? `the subject's ${startsOn.by}` : startsOn;
  return [
    every === undefined || every === 1 ? unit : `${every} ${unit}s`,
    ...(startsAt === undefined ? [] : [`from ${startsAt}`]),
    ...(on === undefined ? [] : [`on ${on}`]),
  ].join(' ');
}

/** `10/day`, `20000 tokens/day`, `unlimited/month`. */
export function limitText({
  window,
  meter,
  max,
}: Pick<LimitState, 'window' | 'max'> & { readonly meter?: string }): string {
  const units = meter === undefined || meter === 'units' ? '' : ` ${meter}`;
  return `${max ?? 'unlimited'}${units}/${windowText(window)}`;
}

/** `+20/day`, `unlimited/hour`. */
export function overriddenText({ window, meter, set, add }: OverriddenLimit): string {
  const units = meter === undefined ? '' : ` ${meter}`;
  return `${add === undefined ? (set ?? 'unlimited') : `+${add}`}${units}/${windowText(window)}`;
}

export function amountsText(amounts: Readonly<Record<string, number>>): string {
  return Object.entries(amounts)
    .map(([meter, amount]) => `${amount} ${meter}`)
    .join(', ');
}

export function counted(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}

/** Every limit that was looked at, a line each. */
export function limitsTable(limits: readonly LimitState[]): string {
  const rows = limits.map((limit) => [
    limit.rule,
    windowText(limit.window),
    limit.meter,
    String(limit.used),
    String(limit.reserved),
    limit.max === null ? 'unlimited' : String(limit.max),
    limit.remaining === null ? '-' : String(limit.remaining),
    limit.resetsAt ?? '-',
    noteOn(limit),
  ]);
  const heading = ['rule', 'window', 'meter', 'used', 'held', 'max', 'left', 'resets', 'note'];
  return listing(heading, rows, 'No rule limits it.');
}

function noteOn({ exceeded, mode, soft, source }: LimitState): string {
  return [
    ...(exceeded ? ['no room'] : []),
    ...(mode === 'observe' ? ['only observed'] : []),
    ...(soft ? ['soft'] : []),
    ...(source === 'rule' ? [] : [`by ${source}`]),
  ].join(', ');
}
