import { describe, expect, it } from '@jest/globals';
import type { Log } from '../../logging/log.js';
import type { ProblemCode } from '../problems/problem.js';
import { RefusalLog } from './refusal-log.js';

function logAt(clock: { now: number }) {
  const lines: Record<string, unknown>[] = [];
  const log = { warn: (line: Record<string, unknown>) => lines.push(line) } as unknown as Log;
  const refusals = new RefusalLog(log, () => clock.now);
  const request = { actor: 'app', method: 'POST', route: '/check', reqId: 'r' };
  return { lines, note: (code: ProblemCode, address: string) => refusals.note(code, address, () => request) };
}

describe('the log of refusals', () => {
  it('has a line for each address and code, and none for what a caller merely spelt wrong', () => {
    const { lines, note } = logAt({ now: 0 });
    for (const code of [
      'wrong-key',
      'wrong-key',
      'key-not-allowed',
      'invalid-request',
      'not-found',
    ] as const) {
      note(code, '10.0.0.1');
    }
    note('wrong-key', '10.0.0.2');
    expect(lines.map(({ code, address }) => [code, address])).toEqual([
      ['wrong-key', '10.0.0.1'],
      ['key-not-allowed', '10.0.0.1'],
      ['wrong-key', '10.0.0.2'],
    ]);
    expect(lines[0]).toMatchObject({ actor: 'app', method: 'POST', route: '/check', reqId: 'r' });
  });

  it('has ten lines in ten seconds at most, and says then how many it left out', () => {
    const clock = { now: 0 };
    const { lines, note } = logAt(clock);
    for (let host = 0; host < 1_000; host++) note('wrong-key', `10.0.0.${host}`);
    expect(lines).toHaveLength(10);
    clock.now = 10_000;
    note('wrong-key', '10.0.0.1');
    expect(lines).toHaveLength(11);
    expect(lines[10]).toMatchObject({ leftOut: 990 });
  });
});
