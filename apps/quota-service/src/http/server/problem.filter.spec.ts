import { describe, expect, it } from '@jest/globals';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../../logging/log.js';
import type { Refusals } from '../refusals/refusals.js';
import { RouteTable } from '../routes/route-table.js';
import { ProblemFilter } from './problem.filter.js';

function answerTo(exception: unknown) {
  const [lines, sent]: [object[], string[]] = [[], []];
  const log = { error: (line: object) => lines.push(line) } as unknown as Log;
  const refusals = {
    answer: (...[, , , send]: Parameters<Refusals['answer']>) => send(),
  } as unknown as Refusals;
  const reply = new Proxy({} as FastifyReply, {
    get: (_reply, name) => (value: unknown) => {
      if (name === 'send') sent.push(String(value));
      return reply;
    },
  });
  const request = { id: 'r1', actor: 'app', raw: {} } as unknown as FastifyRequest;
  new ProblemFilter(log, new RouteTable(), refusals).answer(exception, request, reply);
  return { lines, body: JSON.parse(sent[0]!) as Record<string, unknown>, text: sent[0]! };
}

describe('an error that nothing foresaw', () => {
  it.each<[string, unknown]>([
    ['an error', new TypeError('secret of redis://:password@10.0.0.1')],
    ['an error that says it is the caller’s', Object.assign(new Error('secret'), { statusCode: 599 })],
    ['a text', 'secret'],
    ['nothing', undefined],
  ])('%s shows the caller no more than where the log has it', (_what, exception) => {
    const { lines, body, text } = answerTo(exception);
    expect(body).toMatchObject({ status: 500, code: 'internal-error', requestId: 'r1' });
    expect(text).not.toMatch(/secret|redis|10\.0\.0\.1|at .*:\d+/);
    expect(lines).toEqual([{ err: exception, actor: 'app', reqId: 'r1' }]);
  });
});
