import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];

/** An instant relative to now, counting on; its exact time is its title. */
export function Instant({ at, timeZone }: { readonly at: string; readonly timeZone?: string }) {
  const { i18n } = useTranslation();
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <time dateTime={at} title={exact(at, i18n.language, timeZone)} className="whitespace-nowrap">
      {relative(Date.parse(at) - now, i18n.language)}
    </time>
  );
}

/** Day, time of day, fraction of the second, offset. */
const WRITTEN = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/;

/** An instant as the service wrote it, in the time zone that it was asked in: to the millisecond, and not counting on. */
export function ExactTime({ at }: { readonly at: string }) {
  const [, day, clock, fraction, offset] = WRITTEN.exec(at) ?? [];
  if (day === undefined) return <time dateTime={at}>{at}</time>;
  return (
    <time dateTime={at} className="inline-block tabular-nums sm:whitespace-nowrap">
      <span className="whitespace-nowrap">
        {day} {clock}
        {fraction && `.${fraction.padEnd(3, '0')}`}
      </span>{' '}
      <span className="text-quiet">{offset}</span>
    </time>
  );
}

function relative(ms: number, language: string): string {
  const [unit, length] = UNITS.find(([, length]) => Math.abs(ms) >= length) ?? UNITS[3]!;
  return new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(Math.trunc(ms / length), unit);
}

/** To the second, in a time zone that is named. */
export function exact(at: string, language: string, timeZone?: string): string {
  const options = { dateStyle: 'medium', timeStyle: 'long', ...(timeZone && { timeZone }) } as const;
  try {
    return new Intl.DateTimeFormat(language, options).format(new Date(at));
  } catch {
    return at;
  }
}
