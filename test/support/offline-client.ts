import { QuotaClient } from '@sundial/client';

/** A program whose service is away: it checks without end, and writes the id of each operation that it was answered. */
const [url = '', file = ''] = process.argv.slice(2);
const client = new QuotaClient({ url, retries: 0, journal: { file } });
for (let n = 0; ; n += 1) {
  const { operationId, allowed } = await client.check({ resource: 'ocr', subject: { user: `u${n % 7}` } });
  if (allowed) process.stdout.write(`${operationId}\n`);
}
