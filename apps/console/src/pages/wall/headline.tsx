import { CircleCheck, TriangleAlert, Unplug } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { alarmsIn } from '../../live/alarms.ts';
import type { LiveState } from '../../live/live-state.ts';
import { useNow } from '../../live/use-now.ts';

const LOOK =
  'mb-[0.5em] flex flex-wrap items-center gap-x-[0.8em] rounded-lg border px-[0.6em] py-[0.35em] text-[1.6em] font-semibold';

/** Whether anything is wrong, as one line; what it says is read aloud when it changes. */
export function Headline({ live }: { readonly live: LiveState }) {
  const { t } = useTranslation();
  const { frame, gone } = live;
  if (live.status === 'lost') return <Lost since={live.since} />;
  if (frame === undefined) return null;
  const degraded = frame.nodes.filter(({ report }) => report?.store.mode === 'degraded').length;
  const alarms = alarmsIn(frame);
  const controls = frame.controls.length + frame.moreControls;
  const said = [
    ...sentence(alarms.shown.length + alarms.more, (count) => t('headlineAlarms', { count })),
    ...sentence(degraded, (count) => t('headlineDegraded', { count })),
    ...sentence(gone.length, (count) => t('headlineGone', { count })),
    ...sentence(controls, (count) => t('headlineControls', { count })),
  ];
  const isBad =
    degraded + gone.length + alarms.more > 0 || alarms.shown.some((alarm) => alarm.class === 'alarm');
  const tone = isBad
    ? 'border-bad text-bad'
    : said.length > 0
      ? 'border-warn text-warn'
      : 'border-good text-good';
  const Icon = said.length > 0 ? TriangleAlert : CircleCheck;
  return (
    <p role="status" className={`${LOOK} bg-card ${tone}`}>
      <Icon className="size-[1.1em] shrink-0" aria-hidden />
      {said.length === 0 ? t('headlineGood') : said.map((each) => <span key={each}>{each}</span>)}
    </p>
  );
}

function sentence(count: number, say: (count: number) => string): readonly string[] {
  return count > 0 ? [say(count)] : [];
}

/** Its seconds are not read aloud. */
function Lost({ since }: { readonly since: number }) {
  const { t } = useTranslation();
  const seconds = Math.max(0, Math.round((useNow() - since) / 1_000));
  return (
    <p className={`${LOOK} border-bad bg-card text-bad`}>
      <Unplug className="size-[1.1em] shrink-0" aria-hidden />
      {t('lostSince', { seconds })}
    </p>
  );
}
