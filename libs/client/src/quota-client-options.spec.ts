import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { QuotaClient } from './quota-client.js';

const url = 'http://sundial';

describe('options', () => {
  it.each([
    [{}, /url must be like/],
    [{ url: 'sundial:3000' }, /http/],
    [{ url: 'nowhere' }, /must be like/],
    [{ url: '' }, /must be like/],
    [{ url: 'http://user:pass@sundial' }, /use key/],
    [{ url: 'http://sundial/?a=1' }, /query/],
    [{ url, endpoints: [url] }, /not both/],
    [{ endpoints: [] }, /1 to 16/],
    [{ endpoints: [url, 'nowhere'] }, /endpoints\[1\] must be like/],
    [{ endpoints: [url, `${url}/`] }, /twice/],
    [{ endpoints: Array.from({ length: 17 }, (_, n) => `${url}:${n + 1}`) }, /1 to 16/],
    [{ url, deadlineMs: 0 }, /deadlineMs must be 10 to 60000, not 0/],
    [{ url, deadlineMs: Number.NaN }, /deadlineMs/],
    [{ url, retries: 1.5 }, /retries must be an integer/],
    [{ url, retries: 11 }, /retries must be 0 to 10/],
    [{ url, key: '' }, /key/],
    [{ url, key: 'a\nb' }, /key/],
    [{ url, fallback: 'maybe' }, /fallback.default must be 'allow', 'deny' or a function, not maybe/],
    [{ url, fallback: { sms: true } }, /fallback.sms must be/],
    [{ url, journal: { maxOperations: 0 } }, /journal.maxOperations must be 1 to 1000000/],
    [{ url, journal: { file: '' } }, /journal.file must be/],
    [{ url, merge: 'no' }, /merge must be/],
    [{ url, alarmErrorRate: 2 }, /alarmErrorRate must be 0 to 1/],
    [{ url, onAlarm: 'mail' }, /onAlarm must be a function/],
  ])('%j are refused at once', (options, sentence) => {
    expect(() => new QuotaClient(options as never)).toThrow(sentence);
  });

  it('refuse a journal whose directory is missing, and one that another client has', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sundial-client-'));
    const file = join(directory, 'journal.ndjson');
    expect(() => new QuotaClient({ url, journal: { file: join(directory, 'no', 'journal') } })).toThrow(
      /ENOENT/,
    );
    const first = new QuotaClient({ url, journal: { file } });
    expect(() => new QuotaClient({ url, journal: { file } })).toThrow(/another client/);
    await first.close();
    await new QuotaClient({ url, journal: { file } }).close();
  });
});
