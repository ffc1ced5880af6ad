import { beforeEach, describe, expect, it } from '@jest/globals';
import { EventLog } from './event-log.js';

let written: Record<string, unknown>[];
let hasRoom: boolean;
let dropped: (line: string) => void;
let log: EventLog;

beforeEach(() => {
  written = [];
  hasRoom = true;
  const lines = {
    write: (line: string) => {
      if (hasRoom) written.push(JSON.parse(line) as Record<string, unknown>);
      else dropped(line);
    },
    on: (_name: 'drop', listener: (line: string) => void) => (dropped = listener),
  };
  log = new EventLog(lines, { node: 'node-1', withSubjects: false });
});

const check = { at: 0, kind: 'check', outcome: 'allowed', subject: { user: 'u1' } } as const;

describe('events in the log', () => {
  it('say how many lines were dropped once what reads them has caught up', () => {
    hasRoom = false;
    for (let count = 0; count < 5; count++) dropped('a line of the log');
    hasRoom = true;
    log.write(check);
    expect(written).toMatchObject([
      { kind: 'gap', outcome: 'queue-full', count: 5, node: 'node-1' },
      { kind: 'check', at: '1970-01-01T00:00:00.000Z' },
    ]);
    log.write(check);
    expect(written).toHaveLength(3);
  });

  it('leave out the subject, and the scope of a settlement, which is made of it', () => {
    log.write({ ...check, kind: 'settlement', outcome: 'counted', data: { scope: 'u1', intent: 'count' } });
    expect(written[0]).not.toHaveProperty('subject');
    expect(written[0]).toMatchObject({ data: { intent: 'count' } });
    expect(JSON.stringify(written)).not.toContain('u1');
  });
});
