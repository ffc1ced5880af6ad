import { QuotaClient } from '@sundial/client';
import { createApp } from './app.js';

const { SUNDIAL_URL = 'http://127.0.0.1:3000', SUNDIAL_KEY, PORT = '3101' } = process.env;

const quota = new QuotaClient({
  url: SUNDIAL_URL,
  ...(SUNDIAL_KEY && { key: SUNDIAL_KEY }),
  fallback: 'allow',
  onAlarm: ({ message }) => process.stderr.write(`${message}\n`),
});
const server = createApp(quota).listen(Number(PORT), '127.0.0.1', () => {
  process.stderr.write(`Listening on http://127.0.0.1:${PORT}, limited by ${SUNDIAL_URL}\n`);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // What was decided without the service is reported before the process ends.
  process.once(signal, () => server.close(() => void quota.close({ timeoutMs: 2_000 })));
}
