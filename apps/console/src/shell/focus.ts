import { useRouterState } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';

/** The part of the address behind # is the page, so no link leads into one. */
export function content(): HTMLElement | null {
  return document.getElementById('content');
}

/** A page that a link or button opens has the focus, unless a field of it took that itself; the first one of all begins at the top. */
export function usePageFocus(): void {
  const page = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.pathname });
  const shown = useRef<string>(undefined);
  useEffect(() => {
    const isNext = shown.current !== undefined && shown.current !== page;
    shown.current = page;
    if (isNext && !content()?.contains(document.activeElement)) content()?.focus();
  }, [page]);
}

/** What the focus can go to from something that was around it: a table, or else the heading of a card. */
function placeIn(around: HTMLElement): HTMLElement | null {
  if (around.matches('[role=region]')) return around;
  return around.matches('section') ? around.querySelector<HTMLElement>('h2[tabindex]') : null;
}

/** Where the focused element goes away, such as the button of a row that was deleted, the focus goes to what was around it. */
export function useKeptFocus(): void {
  useEffect(() => {
    let path: readonly HTMLElement[] = [];
    const remember = ({ target }: FocusEvent) => {
      path = ancestorsOf(target as HTMLElement);
    };
    const keep = () => {
      const [focused, ...around] = path;
      if (focused === undefined || focused.isConnected || document.activeElement !== document.body) return;
      path = [];
      const places = around.filter(({ isConnected }) => isConnected).map(placeIn);
      (places.find((place) => place !== null) ?? content())?.focus();
    };
    const observer = new MutationObserver(keep);
    observer.observe(document.body, { childList: true, subtree: true });
    addEventListener('focusin', remember);
    return () => {
      observer.disconnect();
      removeEventListener('focusin', remember);
    };
  }, []);
}

function ancestorsOf(element: HTMLElement): readonly HTMLElement[] {
  const path: HTMLElement[] = [];
  for (let each: HTMLElement | null = element; each !== null; each = each.parentElement) path.push(each);
  return path;
}
