import { QuotaClient } from '@sundial/client';
import { createInterface } from 'node:readline';
import { setTimeout as later } from 'node:timers/promises';
import { DelayedError, type RecognitionJob } from './job.js';
import { recognitions } from './processor.js';

/** A worker without BullMQ: jobs are lines of stdin, `account imageUrl`. With it, see the README. */
const { SUNDIAL_URL = 'http://127.0.0.1:3000', SUNDIAL_KEY } = process.env;

const quota = new QuotaClient({
  url: SUNDIAL_URL,
  ...(SUNDIAL_KEY && { key: SUNDIAL_KEY }),
  fallback: 'allow',
  // Nothing that was allowed without the service is forgotten when the worker is killed.
  journal: { file: './worker-journal.ndjson' },
});
const recogniseJob = recognitions(quota, async (imageUrl) => {
  await later(100);
  return `text of ${imageUrl}`;
});

let number = 0;
for await (const line of createInterface(process.stdin)) {
  const [account = '', imageUrl = ''] = line.split(' ');
  const job: RecognitionJob = {
    id: `${process.pid}-${(number += 1)}`,
    data: { account, imageUrl },
    moveToDelayed: async () => undefined,
  };
  await recogniseJob(job).then(
    (text) => process.stdout.write(`${text}\n`),
    (error: Error) =>
      process.stdout.write(`${error instanceof DelayedError ? 'later' : 'failed'}: ${error.message}\n`),
  );
}
await quota.close({ timeoutMs: 2_000 });
