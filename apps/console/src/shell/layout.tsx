import { Link, Outlet } from '@tanstack/react-router';
import {
  Bell,
  Gauge,
  History,
  ListChecks,
  LogOut,
  Monitor,
  Route,
  Server,
  ToggleLeft,
  Webhook,
} from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useMay, useMe, useWrite } from '../api/queries.ts';
import { Badge, Button } from '../ui/basics.tsx';
import { Announced } from './announced.tsx';
import { content, useKeptFocus, usePageFocus } from './focus.ts';
import { Palette } from './palette.tsx';
import { Switches } from './switches.tsx';

export const PAGES = [
  { to: '/wall', name: 'wall', Icon: Monitor },
  { to: '/rules', name: 'rules', Icon: ListChecks },
  { to: '/subject', name: 'subject', Icon: Gauge },
  { to: '/trace', name: 'trace', Icon: Route },
  { to: '/audit', name: 'audit', Icon: History },
  { to: '/webhooks', name: 'webhooks', Icon: Webhook },
  { to: '/controls', name: 'controls', Icon: ToggleLeft },
  { to: '/alarms', name: 'alarms', Icon: Bell },
  { to: '/nodes', name: 'nodes', Icon: Server },
] as const;

export function Layout() {
  const { t } = useTranslation();
  const mayWork = useMay('operator');
  usePageFocus();
  useKeptFocus();
  return (
    <div className="min-h-screen md:flex">
      <button
        type="button"
        className="sr-only bg-card p-2 focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-10"
        onClick={() => content()?.focus()}
      >
        {t('skip')}
      </button>
      <header className="border-b border-line bg-card p-3 md:w-56 md:shrink-0 md:border-r md:border-b-0">
        <p className="mb-3 text-lg font-semibold">Sundial</p>
        <nav aria-label={t('pages')} className="flex flex-wrap gap-1 md:flex-col">
          {PAGES.map(({ to, name, Icon }) => (
            <Link
              key={to}
              to={to}
              className="flex items-center gap-2 rounded px-2 py-1.5 text-sm"
              activeProps={{ className: 'bg-page font-semibold' }}
            >
              <Icon size={16} aria-hidden />
              {t(name)}
            </Link>
          ))}
        </nav>
        <div className="mt-4 flex flex-wrap items-center gap-3 md:flex-col md:items-start">
          <Palette />
          <Switches />
          <WhoIAm />
        </div>
      </header>
      <Announced />
      <main
        id="content"
        tabIndex={-1}
        className="mx-auto w-full max-w-6xl min-w-0 flex-1 p-4 has-[.wall]:max-w-none"
      >
        {!mayWork && (
          <p className="mb-4 rounded border border-line p-2 text-sm text-quiet">{t('readOnly')}</p>
        )}
        <Outlet />
      </main>
    </div>
  );
}

function WhoIAm() {
  const { t } = useTranslation();
  const { data } = useMe();
  const signOut = useWrite();
  if (data === undefined) return null;
  return (
    <div className="flex flex-wrap items-center gap-2 text-sm">
      <span>{data.actor}</span>
      <Badge tone="quiet">{t(`role_${data.role}`)}</Badge>
      {data.actor !== 'anonymous' && (
        <Button onClick={() => signOut.mutate({ path: '/console/session', method: 'DELETE' })}>
          <LogOut size={14} aria-hidden />
          {t('signOut')}
        </Button>
      )}
      <span className="text-xs text-quiet">{data.version}</span>
    </div>
  );
}
