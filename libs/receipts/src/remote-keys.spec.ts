import { describe, expect, it } from '@jest/globals';
import { generateSigningKey, type SigningKey } from './receipt-key.js';
import { RemoteKeys } from './remote-keys.js';

/** Services that publish keys, or are away, and a clock that the test moves. */
class Publishers {
  readonly asked: string[] = [];
  keys: readonly SigningKey[] = [];
  away: readonly string[] = [];
  now = 0;

  readonly fetch: typeof fetch = (input) => {
    const url = String(input);
    this.asked.push(url);
    if (this.away.includes(url)) return Promise.reject(new TypeError('fetch failed'));
    return Promise.resolve(Response.json({ keys: this.keys.map(({ jwk }) => jwk) }));
  };

  open(...urls: string[]): RemoteKeys {
    return new RemoteKeys(urls, { fetch: this.fetch, clock: () => this.now });
  }
}

const [ONE, OTHER] = ['http://a/jwks.json', 'http://b/jwks.json'] as const;
const first = generateSigningKey();
const second = generateSigningKey();

describe('RemoteKeys', () => {
  it('asks once for all receipts under one key', async () => {
    const publishers = new Publishers();
    publishers.keys = [first];
    const keys = publishers.open(ONE);
    await Promise.all(Array.from({ length: 100 }, () => keys.find(first.kid)));
    expect((await keys.find(first.kid))?.jwk).toEqual(first.jwk);
    expect(publishers.asked).toEqual([ONE]);
    expect(keys.isComplete).toBe(true);
  });

  it('asks once more for a key that is new, and not for every name that is forged', async () => {
    const publishers = new Publishers();
    publishers.keys = [first];
    const keys = publishers.open(ONE);
    await keys.find(first.kid);
    publishers.keys = [first, second];
    publishers.now = 5_000;
    expect(await keys.find(second.kid)).toBeDefined();
    for (let n = 0; n < 1_000; n += 1) expect(await keys.find(`forged-${n}`)).toBeUndefined();
    expect(publishers.asked).toHaveLength(2);
    publishers.now = 10_000;
    for (let n = 0; n < 1_000; n += 1) await keys.find(`forged-${n}`);
    expect(publishers.asked).toHaveLength(3);
  });

  it('forgets a key that is published no more, in five minutes of use', async () => {
    const publishers = new Publishers();
    publishers.keys = [first, second];
    const keys = publishers.open(ONE);
    await keys.find(first.kid);
    publishers.keys = [first];
    publishers.now = 300_001;
    await keys.find(first.kid);
    await new Promise((later) => setImmediate(later));
    expect(await keys.find(second.kid)).toBeUndefined();
    expect(publishers.asked).toHaveLength(2);
  });

  it('goes on with the keys that it knows while no service answers, and says that there may be others', async () => {
    const publishers = new Publishers();
    publishers.keys = [first];
    const keys = publishers.open(ONE, OTHER);
    await keys.find(first.kid);
    publishers.away = [ONE, OTHER];
    publishers.now = 86_400_000;
    expect(await keys.find(first.kid)).toBeDefined();
    await new Promise((later) => setImmediate(later));
    expect(await keys.find(second.kid)).toBeUndefined();
    expect(keys.isComplete).toBe(false);
    expect(await keys.find(first.kid)).toBeDefined();
  });

  it('asks the next service where one does not answer', async () => {
    const publishers = new Publishers();
    publishers.keys = [first];
    publishers.away = [ONE];
    const keys = publishers.open(ONE, OTHER);
    expect(await keys.find(first.kid)).toBeDefined();
    expect(publishers.asked).toEqual([ONE, OTHER]);
  });

  it.each([
    ['an error', () => new Response('no', { status: 500 })],
    ['a page', () => new Response('<html>')],
    ['something else', () => Response.json({ keys: 'all' })],
    ['a set without end', () => new Response(' '.repeat(300_000) + '{"keys":[]}')],
  ])('has no keys of %s', async (_name, answer) => {
    const keys = new RemoteKeys(ONE, { fetch: () => Promise.resolve(answer()) });
    expect(await keys.find(first.kid)).toBeUndefined();
    expect(keys.isComplete).toBe(false);
  });
});
