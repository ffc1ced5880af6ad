import { describe, expect, it } from '@jest/globals';
import { countingQuota } from '../../../test/support/counting-quota.js';
import { bindQuota } from './bound-quota.js';
import { RiskLimit } from './risk-limit.decorator.js';
import { RiskLimitExceededException } from './risk-limit-exceeded.exception.js';
import { RiskLimitMisuseError } from './risk-limit-misuse.error.js';
import { Subject } from './subject.decorator.js';

const UNITS = 'an integer of 0 to 9007199254740991';

class ChatService {
  @RiskLimit<ChatService['ask']>({
    resource: 'chat',
    amounts: (_user, prompt, cost) => ({ tokens: prompt.length, cny_micros: cost }),
  })
  async ask(@Subject('user') _userId: string, _prompt: string, _cost: number): Promise<void> {}

  @RiskLimit({ resource: 'chat', amount: 0, amounts: { tokens: 5 } })
  async greet(@Subject('user') _userId: string): Promise<void> {}

  @RiskLimit<ChatService['named']>({ resource: 'chat', amounts: (_user, amounts) => amounts as never })
  async named(@Subject('user') _userId: string, _amounts: unknown): Promise<void> {}
}

const chatWith = (quota = countingQuota({ units: 10, tokens: 8 })) => bindQuota(new ChatService(), quota);

describe('@RiskLimit with amounts', () => {
  it('takes of each meter what the arguments say', async () => {
    const quota = countingQuota({ units: 10, tokens: 8 });
    await chatWith(quota).ask('u1', 'hello', 30);
    expect(quota.checks).toEqual([
      { resource: 'chat', subject: { user: 'u1' }, amounts: { tokens: 5, cny_micros: 30 } },
    ]);
    await expect(chatWith(quota).ask('u1', 'again', 0)).rejects.toBeInstanceOf(RiskLimitExceededException);
  });

  it('takes fixed ones', async () => {
    const quota = countingQuota(1);
    await chatWith(quota).greet('u1');
    expect(quota.checks).toEqual([
      { resource: 'chat', subject: { user: 'u1' }, amount: 0, amounts: { tokens: 5 } },
    ]);
  });

  it.each<[string, unknown, string]>([
    ['a bigint', { tokens: 5n }, `must be ${UNITS} for each meter, not a value of type bigint for "tokens".`],
    ['a list', [5], 'must be an object of units by meter, not a list.'],
    ['a text', 'tokens', 'must be an object of units by meter, not a value of type string.'],
    ['null', null, 'must be an object of units by meter, not null.'],
    [
      'the meter of the option amount',
      { units: 1 },
      'names the meter "units", which is the option "amount".',
    ],
    ['no meter’s name', { 'a b': 1 }, 'names "a b", which is no meter: use up to 128 letters,'],
  ])('blames the program for %s, and the method does not run', async (_what, amounts, message) => {
    const call = chatWith().named('u1', amounts);
    await expect(call).rejects.toBeInstanceOf(RiskLimitMisuseError);
    await expect(call).rejects.toThrow(`ChatService.named: its option "amounts" ${message}`);
  });

  it.each<[unknown, string]>([
    [{ tokens: -1 }, `its amounts.tokens must be ${UNITS}.`],
    [{ tokens: 1.5, pages: NaN }, `its amounts.tokens must be ${UNITS}, its amounts.pages must be ${UNITS}.`],
    [{ units: 1 }, 'its option "amounts" names the meter "units", which is the option "amount".'],
    [Object.fromEntries([...'abcdefghi'].map((name) => [name, 1])), 'must name at most 8 meters, not 9.'],
  ])('refuses the fixed amounts %p when the class is defined', (amounts, message) => {
    const define = (): unknown => {
      class Broken {
        @RiskLimit({ resource: 'ocr', amounts: amounts as Record<string, number> })
        async submit(@Subject('user') _user: string): Promise<void> {}
      }
      return Broken;
    };
    expect(define).toThrow(message);
  });
});
