import { useMutationState } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Write } from '../api/queries.ts';

/** That a change was made, for readers of the screen: a region that was there before speaks reliably. Problems are alerts of their own. */
export function Announced() {
  const { t } = useTranslation();
  const last = useMutationState({ select: ({ state }) => state }).at(-1);
  const { path } = (last?.variables ?? {}) as Partial<Write>;
  const isMade = last?.status === 'success' && path !== '/console/session';
  return (
    <p role="status" className="sr-only">
      {isMade && t('changeMade')}
    </p>
  );
}
