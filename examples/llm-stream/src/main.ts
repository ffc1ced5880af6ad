import { QuotaClient } from '@sundial/client';
import { setTimeout as later } from 'node:timers/promises';
import { answer, type Chunk, OutOfTokens } from './answer.js';

const { SUNDIAL_URL = 'http://127.0.0.1:3000', SUNDIAL_KEY } = process.env;
const [user = 'u1', prompt = 'Tell me about sundials.'] = process.argv.slice(2);

/** In place of a real model. */
async function* model(asked: string): AsyncGenerator<Chunk> {
  for (let n = 0; n < 40; n += 1) {
    await later(25);
    yield { text: `${asked.split(' ')[n % asked.split(' ').length]} `, tokens: 10 };
  }
}

const quota = new QuotaClient({ url: SUNDIAL_URL, ...(SUNDIAL_KEY && { key: SUNDIAL_KEY }) });
try {
  for await (const text of answer(quota, model, { user, prompt })) process.stdout.write(text);
  process.stdout.write('\n');
} catch (error) {
  if (!(error instanceof OutOfTokens)) throw error;
  process.stdout.write(`\n${error.message} (${error.decision.onDeny?.action ?? 'no more today'})\n`);
}
const { limits } = await quota.usage({ resource: 'chat', subject: { user } });
for (const { meter, window, used, max } of limits) {
  process.stderr.write(`${meter} of the ${String(window)}: ${used} of ${max}\n`);
}
await quota.close();
