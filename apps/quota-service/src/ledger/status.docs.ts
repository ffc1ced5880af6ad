import type { Operation } from '../http/openapi/describe.js';
import { ledgerStatusSchema } from './ledger.schema.js';
import { cursor, PAGES, PROBLEMS, SPAN, tag } from './list.docs.js';

export const LEDGER_STATUS: Operation = {
  id: 'ledgerStatus',
  tag,
  summary: 'How the ledger is, and what is missing from it',
  description: `The state is this node's; gaps are of all nodes that \`nodes\` names: from when to when, how many events, and why. ${PAGES}`,
  parameters: [cursor(), ...SPAN],
  answers: {
    200: {
      description: 'With a page of gaps.',
      schema: { name: 'LedgerStatus', schema: ledgerStatusSchema },
      examples: {
        away: {
          summary: 'The database was away for a minute',
          value: {
            store: 'postgres',
            covers: 'all nodes',
            queued: 12,
            written: 180_412,
            lost: 70_220,
            findings: [],
            gaps: [
              {
                id: '00000000a3k',
                at: '2026-11-18T06:31:12Z',
                node: 'sundial-1:3000',
                kind: 'gap',
                outcome: 'database-away',
                count: 70_220,
                from: '2026-11-18T06:30:22.12Z',
                to: '2026-11-18T06:31:11.9Z',
              },
            ],
            nodes: ['sundial-1:3000'],
          },
        },
      },
    },
  },
  problems: PROBLEMS,
};
