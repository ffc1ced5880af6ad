import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseKey, type Key } from '../../config/key.js';
import { KeyRing } from '../keys/key-ring.js';
import { MAX_IDLE_MS, MAX_SESSION_MS, Sessions } from './sessions.js';
import { MAX_WRONG_KEYS, SignInAttempts } from './sign-in-attempts.js';

const NEED = { access: 'admin', role: 'viewer' } as const;
const SECRET = 'a-key-of-16-characters';

/** A browser that keeps the last cookie it was sent. */
function browserAt(clock: { now: number }) {
  const key = { ...(parseKey(SECRET, 'admin') as object), actor: 'ops' } as Key;
  const signing = [randomBytes(32)];
  const sessions = new Sessions({
    keys: new KeyRing({ checkKeys: [], adminKeys: [key] }),
    signing: () => signing,
    now: () => clock.now,
  });
  let cookie: string | undefined;
  const reply = { header: (_name: string, value: string) => (cookie = value.split(';')[0]) };
  const request = () =>
    ({
      method: 'GET',
      headers: { cookie, 'x-sundial-csrf': '1', 'sec-fetch-site': 'same-origin' },
    }) as unknown as FastifyRequest;
  return {
    signing,
    signIn: () => sessions.begin(SECRET, request(), reply as unknown as FastifyReply),
    isLetIn: () =>
      sessions.identify(request(), reply as unknown as FastifyReply, NEED)?.refusal === undefined,
  };
}

describe('a session', () => {
  it('goes on while its holder works, and ends after twelve hours all the same', () => {
    const clock = { now: 1_000 };
    const browser = browserAt(clock);
    browser.signIn();
    const step = MAX_IDLE_MS - 60_000;
    while (clock.now + step < 1_000 + MAX_SESSION_MS) {
      clock.now += step;
      expect(browser.isLetIn()).toBe(true);
    }
    clock.now = 1_000 + MAX_SESSION_MS;
    expect(browser.isLetIn()).toBe(false);
  });

  it('ends when its holder does nothing for half an hour', () => {
    const clock = { now: 0 };
    const browser = browserAt(clock);
    browser.signIn();
    clock.now = MAX_IDLE_MS - 1;
    expect(browser.isLetIn()).toBe(true);
    clock.now += MAX_IDLE_MS;
    expect(browser.isLetIn()).toBe(false);
  });

  it('outlives that the nodes agree on another secret while the former one is known', () => {
    const browser = browserAt({ now: 0 });
    browser.signIn();
    browser.signing.unshift(randomBytes(32));
    expect(browser.isLetIn()).toBe(true);
    browser.signing.pop();
    expect(browser.isLetIn()).toBe(false);
  });
});

describe('wrong keys in the sign-in form', () => {
  it('close it to their address until the minute is over, and to no other', () => {
    const clock = { now: 0 };
    const attempts = new SignInAttempts(() => clock.now);
    for (let guess = 0; guess < MAX_WRONG_KEYS; guess++) {
      expect(attempts.waitMs('10.0.0.1')).toBe(0);
      attempts.noteWrongKey('10.0.0.1');
    }
    clock.now = 20_000;
    expect([attempts.waitMs('10.0.0.1'), attempts.waitMs('10.0.0.2')]).toEqual([40_000, 0]);
    clock.now = 60_000;
    expect(attempts.waitMs('10.0.0.1')).toBe(0);
    attempts.noteWrongKey('10.0.0.1');
    expect(attempts.waitMs('10.0.0.1')).toBe(0);
  });

  it('are remembered of a bounded number of addresses', () => {
    const attempts = new SignInAttempts(() => 0);
    for (let host = 0; host < 10_000; host++) attempts.noteWrongKey(`10.0.${host >> 8}.${host & 255}`);
    expect(attempts.size).toBe(4_096);
  });
});
