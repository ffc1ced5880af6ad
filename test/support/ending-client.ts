import { QuotaClient } from '@sundial/client';

/** A program whose service is silent or away: it checks once with each kind of journal, says what it was answered, and ends. */
const [url = '', file = ''] = process.argv.slice(2);
for (const journal of [{}, { file }]) {
  const client = new QuotaClient({ url, journal });
  const { operationId } = await client.check({ resource: 'ocr', subject: { user: 'u1' } });
  process.stdout.write(`${operationId}\n`);
}
