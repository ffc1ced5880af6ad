import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Button } from './basics.tsx';
import { useWanted, type Wanted } from './filters.tsx';

interface PagerProps {
  /** Where the next page begins; absent on the last one. */
  readonly next: string | undefined;
  /** What the address calls the place in this list. */
  readonly name?: string;
}

/** Of a list whose place is in the page's address: to the next page, and from any page back to the first one. */
export function Pager({ next, name = 'cursor' }: PagerProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { [name]: cursor, ...first } = useWanted();
  const go = (search: Wanted) => void navigate({ to: '.', search: search as never });
  if (cursor === undefined && next === undefined) return null;
  return (
    <div className="mt-3 flex gap-2">
      {cursor !== undefined && <Button onClick={() => go(first)}>{t('firstPage')}</Button>}
      {next !== undefined && <Button onClick={() => go({ ...first, [name]: next })}>{t('nextPage')}</Button>}
    </div>
  );
}
