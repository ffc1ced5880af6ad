import { useQueryClient } from '@tanstack/react-query';
import {
  createHashHistory,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  RouterProvider,
} from '@tanstack/react-router';
import { useEffect } from 'react';
import { useMe } from '../api/queries.ts';
import { Loading, ProblemNote } from '../ui/problem.tsx';
import { Layout } from './layout.tsx';
import { SignIn } from './sign-in.tsx';

const root = createRootRoute({ component: Layout });
const page = <Path extends string>(path: Path, load: () => Promise<{ Page: () => React.ReactNode }>) =>
  createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load, 'Page') });

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/wall' });
  },
});
const routes = [
  home,
  page('/wall', () => import('../pages/wall.tsx')),
  page('/rules', () => import('../pages/rules.tsx')),
  page('/rules/$id', () => import('../pages/rule.tsx')),
  page('/subject', () => import('../pages/subject.tsx')),
  page('/trace', () => import('../pages/trace.tsx')),
  page('/audit', () => import('../pages/audit.tsx')),
  page('/webhooks', () => import('../pages/webhooks.tsx')),
  page('/webhooks/$id', () => import('../pages/webhook.tsx')),
  page('/controls', () => import('../pages/controls.tsx')),
  page('/alarms', () => import('../pages/alarms.tsx')),
  page('/nodes', () => import('../pages/nodes.tsx')),
  page('/node', () => import('../pages/node.tsx')),
];
// Addresses after a #: links work under any base path, and the service knows one page.
// Values of the query are texts: `user=007` is no number.
const router = createRouter({
  routeTree: root.addChildren(routes),
  history: createHashHistory(),
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const text = new URLSearchParams(search as Record<string, string>).toString();
    return text && `?${text}`;
  },
});

const SIGNED_OUT = ['missing-key', 'session-ended', 'wrong-key'];

/** The pages, or the form to sign in where the service wants a key. */
export function App() {
  const { data, error, isLoading } = useMe();
  const client = useQueryClient();
  useEffect(
    () =>
      client.getQueryCache().subscribe(({ query }) => {
        const { error } = query.state as { error: { problem?: { code: string } } | null };
        const isMe = query.queryKey[0] === '/admin/me';
        if (!isMe && SIGNED_OUT.includes(error?.problem?.code ?? ''))
          void client.invalidateQueries({ queryKey: ['/admin/me'] });
      }),
    [client],
  );
  if (isLoading) return <Loading />;
  if (error && SIGNED_OUT.includes(error.problem.code)) return <SignIn />;
  if (data === undefined) return <ProblemNote error={error} />;
  return <RouterProvider router={router} />;
}
