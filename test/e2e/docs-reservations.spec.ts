import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningService, STORES } from '../support/running-service.js';

const MANUAL = readFileSync(new URL('../../docs/reservations.md', import.meta.url), 'utf8');
/** A request, and what a block of the page says of the last answer before it. */
type Step = { readonly path: string; readonly body?: object } | { readonly answer: object };

const STEPS = [...MANUAL.matchAll(/^```(sh|json)\n([^]*?)^```$/gm)].flatMap(
  ([, language, text = '']): Step[] =>
    language === 'json' ? [{ answer: JSON.parse(text) as object }] : requestsIn(text),
);

function requestsIn(text: string): Step[] {
  const commands = text.replaceAll('\\\n', ' ').trim().split('\n');
  return commands.map((command) => {
    const [, path] = /^curl -s localhost:3000(\/\S+)/.exec(command) ?? [];
    const [, body] = / -d '(.*)'$/.exec(command) ?? [];
    if (path === undefined) throw new Error(`No request is in this line of the page: ${command}`);
    return { path, ...(body !== undefined && { body: JSON.parse(body) as object }) };
  });
}

/** The page's `llm`: calls and tokens, and seats, for what it says of returns. */
const RULE = {
  id: 'llm-page',
  resource: 'llm',
  per: ['user'],
  limits: [
    { window: 'day', meter: 'tokens', max: 20_000 },
    { window: 'total', max: 100 },
  ],
};

describe.each(STORES)('docs/reservations.md, %s', (store) => {
  let service: RunningService;
  beforeAll(async () => {
    service = await RunningService.start({}, store);
    await service.api.post('/admin/rules').send(RULE).expect(201);
  });
  afterAll(() => service.stop());

  it('shows requests that are answered as it says', async () => {
    expect(STEPS.filter((step) => 'answer' in step).length).toBeGreaterThan(5);
    let id = '';
    let last: object = {};
    for (const step of STEPS) {
      if ('answer' in step) {
        expect(last).toMatchObject(step.answer);
        continue;
      }
      const asked = service.api.post(step.path.replace('$ID', id));
      const { body } = await (step.body === undefined ? asked : asked.send(step.body));
      id = (body as { reservation?: { id: string } }).reservation?.id ?? id;
      last = body as object;
    }
  });
});
