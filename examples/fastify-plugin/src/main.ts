import { QuotaClient } from '@sundial/client';
import { createApp } from './app.js';

const { SUNDIAL_URL = 'http://127.0.0.1:3000', SUNDIAL_KEY, PORT = '3102' } = process.env;

const quota = new QuotaClient({
  url: SUNDIAL_URL,
  ...(SUNDIAL_KEY && { key: SUNDIAL_KEY }),
  fallback: 'allow',
  onAlarm: ({ message }) => process.stderr.write(`${message}\n`),
});
const app = await createApp(quota);
// What was decided without the service is reported before the process ends.
app.addHook('onClose', async () => {
  await quota.close({ timeoutMs: 2_000 });
});
const address = await app.listen({ port: Number(PORT), host: '127.0.0.1' });
process.stderr.write(`Listening on ${address}, limited by ${SUNDIAL_URL}\n`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void app.close());
