import { REASON } from '../admin/reason.js';
import type { Operation } from '../http/openapi/describe.js';
import { subjectDataDeletedSchema, subjectDataSchema } from '../ledger/ledger.schema.js';
import { cursor, PAGE, PROBLEMS, SUBJECT, tag } from '../ledger/list.docs.js';

const NODES = ['sundial-1:3000'];
const DELETED = { events: 120, windows: 14, outgoingEvents: 3, deliveries: 6 };

export const EXPORT_SUBJECT_DATA: Operation = {
  id: 'exportSubjectData',
  tag,
  summary: 'All that the ledger has of a subject',
  description:
    'The events of every subject that has these attributes, the oldest first; then, of kind `delivery`, the events for other systems with their deliveries: `kept`, or `due` at the end of an override. In pages.',
  parameters: [SUBJECT, cursor(), ...PAGE],
  answers: {
    200: {
      description: 'A page.',
      schema: { name: 'SubjectData', schema: subjectDataSchema },
      examples: { nothing: { summary: 'Nothing is known', value: { events: [], nodes: NODES } } },
    },
  },
  problems: PROBLEMS,
};

export const DELETE_SUBJECT_DATA: Operation = {
  id: 'deleteSubjectData',
  tag,
  summary: 'Delete all that the ledger has of a subject',
  description:
    'Its events and past windows, on every day, and its events for other systems with their deliveries and dead letters. Counters and overrides stay as they are, and so does the line that says who deleted it and why, which names the attributes and not their values. Without SUNDIAL_LEDGER_URL it is to be asked of each node.',
  parameters: [SUBJECT, REASON],
  answers: {
    200: {
      description: 'It is gone.',
      schema: { name: 'SubjectDataDeleted', schema: subjectDataDeletedSchema },
      examples: {
        deleted: {
          summary: 'Deleted',
          value: { subject: { user: 'u1' }, deleted: DELETED, nodes: NODES },
        },
      },
    },
  },
  problems: PROBLEMS,
};
