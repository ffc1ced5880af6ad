import { Maximize, Minimize } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../api/client.ts';
import { useMe } from '../api/queries.ts';
import { useLive } from '../live/use-live.ts';
import { LiveBadge } from '../live/live-badge.tsx';
import { Button } from '../ui/basics.tsx';
import { AlarmsThatHold, ControlsThatHold } from './wall/attention.tsx';
import { Charts } from './wall/charts.tsx';
import { Headline } from './wall/headline.tsx';
import { Figures } from './wall/figures.tsx';
import { NodeTiles } from './wall/node-tiles.tsx';

const KEEP_EVERY_MS = 10 * 60_000;

/** What all nodes do now, to be read from across a room. */
export function Page() {
  const { t } = useTranslation();
  const live = useLive();
  const wall = useRef<HTMLDivElement>(null);
  const { isFull, toggle } = useFullScreen(wall);
  useKeptSession();
  return (
    <div ref={wall} className="wall bg-page" data-live={live.status}>
      <div className="mb-[0.75em] flex flex-wrap items-center justify-between gap-[0.5em]">
        <div className="flex items-center gap-[0.75em]">
          <h1 className="text-[1.5em] font-semibold">{t('wall')}</h1>
          <LiveBadge live={live} />
        </div>
        <Button onClick={toggle}>
          {isFull ? <Minimize size={14} aria-hidden /> : <Maximize size={14} aria-hidden />}
          {t(isFull ? 'leaveFullScreen' : 'fullScreen')}
        </Button>
      </div>
      <Headline live={live} />
      <Figures live={live} />
      <Charts points={live.points} />
      <div className="grid gap-[0.75em] lg:grid-cols-2">
        <AlarmsThatHold live={live} />
        <ControlsThatHold live={live} />
      </div>
      <NodeTiles live={live} />
    </div>
  );
}

function useFullScreen(element: React.RefObject<HTMLElement | null>) {
  const [isFull, setFull] = useState(false);
  useEffect(() => {
    const note = () => setFull(document.fullscreenElement !== null);
    document.addEventListener('fullscreenchange', note);
    return () => document.removeEventListener('fullscreenchange', note);
  }, []);
  const toggle = () => {
    const change = isFull ? document.exitFullscreen() : element.current?.requestFullscreen();
    // A browser may refuse it; the page is readable as it is.
    change?.catch(() => undefined);
  };
  return { isFull, toggle };
}

/** A viewer's wall changes nothing, and stays until its session is 12 hours old: it is used while it is shown. */
function useKeptSession(): void {
  const isViewer = useMe().data?.role === 'viewer';
  useEffect(() => {
    if (!isViewer) return undefined;
    const keep = () => {
      if (document.visibilityState === 'visible') void call('/admin/me').catch(() => undefined);
    };
    const timer = setInterval(keep, KEEP_EVERY_MS);
    return () => clearInterval(timer);
  }, [isViewer]);
}
