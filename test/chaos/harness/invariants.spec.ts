import { expect, it } from '@jest/globals';
import type { Account } from './expected-counters.js';
import { unexplained } from './invariants.js';

const account = (limit: string, exact: number): Account => ({
  counter: { rule: 'r', subject: {}, limit, startsAt: null },
  ...{ max: 0, enforced: true, degrade: 'local', exact, byPolicy: 0 },
  ...{ marked: 0, uncertain: 0, stays: [] },
});

it('explains what is above a max by operations that were lost and replayed, each meter by what they take of it', () => {
  const accounts = [account('month units', 4), account('month tokens', 700)];
  const left = (operations: number) => unexplained(accounts, ({ exact }) => exact, operations);
  expect([0, 1, 2].map(left)).toEqual([704, 301, 0]);
});
