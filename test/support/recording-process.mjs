import { openLedger } from '@sundial/ledger';

/** Records checks until it is killed, and says after each flush how many are written: `node recording-process.mjs <settings as JSON>`. */
const ledger = await openLedger(JSON.parse(process.argv[2] ?? '{}'));
const startsAt = Math.floor(Date.now() / 86_400_000) * 86_400_000;
for (let count = 0; ;) {
  for (let index = 0; index < 20; index += 1) {
    count += 1;
    const limit = { rule: 'ocr', window: 'day', meter: 'units', used: count, max: null, startsAt };
    const data = { amounts: { units: 1 }, limits: [limit] };
    ledger.record({
      at: Date.now(),
      kind: 'check',
      outcome: 'allowed',
      resource: 'ocr',
      subject: { user: 'u1' },
      data,
    });
  }
  await ledger.flush();
  process.stdout.write(`${count}\n`);
}
