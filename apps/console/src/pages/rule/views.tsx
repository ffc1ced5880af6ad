import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

const OF_DRAFT = ['form', 'text', 'try'] as const;
const OF_RULE = ['subjects', 'history'] as const;

/** What of a rule is shown; part of the address. The first ones are about the draft, the others about the rule in force. */
export type RuleView = (typeof OF_DRAFT)[number] | (typeof OF_RULE)[number];

export function viewOf({ view = 'form' }: Readonly<Record<string, string>>, isNew: boolean): RuleView {
  return viewsOf(isNew).find((each) => each === view) ?? 'form';
}

export function isOfDraft(view: RuleView): boolean {
  return OF_DRAFT.some((each) => each === view);
}

function viewsOf(isNew: boolean): readonly RuleView[] {
  return isNew ? OF_DRAFT : [...OF_DRAFT, ...OF_RULE];
}

const LOOK = 'border-b-2 px-3 py-2 text-sm whitespace-nowrap';

export function ViewLinks({ id, isNew }: { readonly id: string; readonly isNew: boolean }) {
  const { t } = useTranslation();
  return (
    <nav aria-label={t('ruleViews')} className="mb-4 flex flex-wrap gap-1 border-b border-line">
      {viewsOf(isNew).map((view) => (
        <Link
          key={view}
          to="/rules/$id"
          params={{ id }}
          search={(view === 'form' ? {} : { view }) as never}
          activeOptions={{ exact: true }}
          className={LOOK}
          activeProps={{ className: 'border-accent font-semibold text-accent' }}
          inactiveProps={{ className: 'border-transparent' }}
        >
          {t(`view_${view}`)}
        </Link>
      ))}
    </nav>
  );
}
