import { Link } from '@tanstack/react-router';
import type { Subject } from '../api/types.ts';
import { subjectText } from './subject-text.ts';

const LOOK = 'break-all text-accent underline';

/** To the page of a subject; a dash where there is none. */
export function SubjectLink({ subject }: { readonly subject: unknown }) {
  if (!subject) return '—';
  return (
    <Link to="/subject" search={subject as Subject as never} className={LOOK}>
      {subjectText(subject)}
    </Link>
  );
}

/** To all that is recorded of an operation; a dash where there is none. */
export function OperationLink({ id }: { readonly id: string | undefined }) {
  if (id === undefined) return '—';
  return (
    <Link to="/trace" search={{ operation: id } as never} className={LOOK}>
      {id}
    </Link>
  );
}
