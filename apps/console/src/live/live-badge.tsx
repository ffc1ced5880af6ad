import { useTranslation } from 'react-i18next';
import { Badge } from '../ui/basics.tsx';
import type { LiveState } from './live-state.ts';

const TONES = { connecting: 'quiet', live: 'good', lost: 'bad' } as const;

/** Whether what the page shows is of now; a change of it is read aloud. */
export function LiveBadge({ live: { status } }: { readonly live: LiveState }) {
  const { t } = useTranslation();
  return (
    <span role="status">
      <Badge tone={TONES[status]}>{t(`live_${status}`)}</Badge>
    </span>
  );
}
