import { describe, expect, it } from '@jest/globals';
import type { Operation } from '../workload.js';
import { contradictionsIn } from './contradictions.js';
import type { Asking, EndingAnswer } from './ending.js';

const TTL_MS = 1_000;
const LOSS = { from: 100, to: 200 };

const operationThat = (onExpiry: 'release' | 'commit'): Operation => ({
  ...{ resource: 'llm', subject: { user: 'u' }, operationId: 'a' },
  ...{ amount: 2, hold: { ttlMs: TTL_MS, onExpiry } },
});
const unknown = { kind: 'failed', status: 404, code: 'reservation-not-found' } as EndingAnswer;
const refusedAs = (state: string) =>
  ({ kind: 'failed', status: 409, code: 'reservation-ended', state }) as EndingAnswer;
const ended = (state: string, cause?: string) =>
  ({
    kind: 'ended',
    body: { reservation: { state }, limits: [], degraded: cause === undefined ? null : { cause } },
  }) as unknown as EndingAnswer;

/** Releases of one reservation, one after the other, with what was answered to each. */
function releases(onExpiry: 'release' | 'commit', ...answers: readonly (readonly [number, EndingAnswer])[]) {
  return answers.map(([sentAt, answer]): Asking => ({
    ...{ ending: { verb: 'release', id: 'r' }, operation: operationThat(onExpiry), node: 'n' },
    ...{ sentAt, endedAt: sentAt + 1, answer, isContrary: false },
  }));
}

const sentences = (askings: readonly Asking[], loss?: typeof LOSS) =>
  contradictionsIn(askings, loss).map(({ sentence }) => sentence);

describe('A reservation that the store does not know', () => {
  it('is an error where nothing explains it', () => {
    expect(sentences(releases('release', [150, unknown]))).toEqual([
      'release answered 404 reservation-not-found',
    ]);
    expect(sentences(releases('release', [150, unknown]), LOSS)).toHaveLength(1);
    expect(sentences(releases('commit', [5_000, unknown]), LOSS)).toHaveLength(1);
  });

  it('is none until it is replayed, however it had ended', () => {
    expect(sentences(releases('release', [150, unknown], [300, ended('released')]))).toEqual([]);
    expect(sentences(releases('commit', [1_500, unknown], [1_900, refusedAs('expired')]), LOSS)).toEqual([]);
  });

  it('is none where its expiry had released it and the store has lost that', () => {
    const said = releases('release', [1_050, ended('expired', 'breaker-open')], [1_080, unknown]);
    expect(sentences(said, LOSS)).toEqual([]);
    expect(sentences(said)).toHaveLength(1);
    expect(sentences(releases('release', [LOSS.from + TTL_MS, unknown]), LOSS)).toEqual([]);
    expect(sentences(releases('release', [LOSS.from + TTL_MS - 1, unknown]), LOSS)).toHaveLength(1);
  });

  it('is none to its refund until it is replayed, where the store has lost it', () => {
    const [first, second, third] = releases(
      'commit',
      [900, ended('released')],
      [910, unknown],
      [950, refusedAs('committed')],
    );
    const refund = { verb: 'refund', body: {} } as Asking['ending'];
    const done = {
      ...first!,
      ending: refund,
      answer: { kind: 'refunded', body: { amounts: {} } } as EndingAnswer,
    };
    const refused = { ...second!, ending: refund };
    expect(sentences([done, refused], LOSS)).toEqual(['a refund that was done is refused']);
    expect(sentences([done, refused, { ...third!, isContrary: true }])).toContain(
      'a refund that was done is refused',
    );
    expect(sentences([done, refused, third!], LOSS)).not.toContain('a refund that was done is refused');
  });
});
