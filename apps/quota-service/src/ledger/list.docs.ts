import { subjectSchema } from '@sundial/contract';

/** The chapter of all of them. */
export const tag = 'ledger';
export const PROBLEMS = ['invalid-request', 'ledger-off', 'ledger-unavailable'] as const;

const query = (name: string, description: string, example: string) =>
  ({ in: 'query', name, description, example, optional: true }) as const;

export const ZONE = query(
  'timeZone',
  'What local times in the query are in, and times in the answer. Default UTC.',
  'UTC',
);
export const FORMAT = query(
  'format',
  '`json`, `csv` or `ndjson`; without it the header Accept decides. Of CSV and NDJSON the header Link names the next page.',
  'json',
);
export const PAGE = [query('limit', '1 to 1,000. Default 100.', '100'), ZONE, FORMAT] as const;
export const SPAN = [
  query(
    'from',
    'An instant with its offset, or a date, or date and time, in timeZone. Included.',
    '2026-11-01',
  ),
  query('to', 'The same. Not included.', '2027-11-23T00:00:00Z'),
  ...PAGE,
] as const;
export const SUBJECT = {
  in: 'query',
  name: 'subject',
  description:
    'Some of its attributes, each a parameter of its own; where a name is another parameter here, `subject={"name":"value"}` or `subject=name:value,…`.',
  fields: { name: 'Subject', schema: subjectSchema },
} as const;
export const filter = query;
/** An example is one that its list takes. */
export const cursor = (example = '00000000a3k') => query('cursor', 'The `next` of the page before.', example);
/** Of lists whose rows are no events: when a row begins, and what tells it from others. */
export const CURSOR_OF_SPANS = cursor('WzE3NjQzOTY5MzcxMjAsInN1bmRpYWwtMTozMDAwIl0');
/** What all pages have in common. */
export const PAGES =
  'The newest first. In pages: `next` is the `cursor` of the one after, which stays right while events are added.';
