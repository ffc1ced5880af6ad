import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { LiveRules, MemoryStore, RuleBook } from '@sundial/engine';
import { type Decision, type Quota, QuotaError } from '@sundial/contract';
import { aRule } from '../../../test/contract/rules.js';
import { countingQuota } from '../../../test/support/counting-quota.js';
import { bindQuota } from './bound-quota.js';
import { RiskLimit } from './risk-limit.decorator.js';
import { RiskLimitExceededException } from './risk-limit-exceeded.exception.js';
import { RiskLimitMisuseError } from './risk-limit-misuse.error.js';
import { RiskLimitRequestException } from './risk-limit-request.exception.js';
import { Subject } from './subject.decorator.js';
import { FakeQuota } from './testing/fake-quota.js';
import { engineOn } from '../../../test/support/engine-on.js';

class OcrService {
  readonly pages: string[] = [];
  readonly offer = 'vip';

  @RiskLimit({ resource: 'ocr' })
  async plain(@Subject('user') userId: string, page: string): Promise<string> {
    this.pages.push(page);
    if (page === 'torn') throw new Error('torn page');
    return `${page} of ${userId}`;
  }

  @RiskLimit<OcrService['offering']>({
    resource: 'ocr',
    onDenied(this: OcrService, decision, userId, page) {
      return `${userId}, buy ${this.offer} for ${page}: ${decision.reason}`;
    },
  })
  async offering(@Subject('user') _userId: string, page: string): Promise<string> {
    return page;
  }

  @RiskLimit<OcrService['careful']>({
    resource: 'ocr',
    onUnavailable(this: OcrService, error, userId) {
      return Promise.resolve(`${userId}, later (${this.offer}): ${String(error)}`);
    },
  })
  async careful(@Subject('user') _userId: string): Promise<string> {
    return 'ran';
  }

  @RiskLimit<OcrService['described']>({
    resource: 'ocr',
    subject: (task) => ({ user: task.owner, school: 's1' }),
    amount: (task) => task.pages,
    operationId: (task) => task.id,
  })
  async described(_task: { owner: string; pages: number; id?: string }): Promise<void> {}

  @RiskLimit({ resource: 'export', subject: () => ({ user: 'all' }), amount: 5 })
  async exportAll(): Promise<void> {}

  @RiskLimit({
    resource: 'ocr',
    subject: (task: { owner: { id: string } }) => ({ user: task.owner.id }),
  })
  async nested(_task: unknown): Promise<void> {}
}

/** Answers every check with one decision, or fails with one error. */
function quotaThat(answer: () => Promise<Decision>): Quota {
  return Object.assign(FakeQuota.refusing(), { check: answer });
}

function ocrWith(quota: Quota): OcrService {
  return bindQuota(new OcrService(), quota);
}

async function failure(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}

const LOST = Object.assign(new Error('connection refused'), { code: 'service-unreachable' });

afterEach(() => {
  jest.restoreAllMocks();
});

describe('a denied call', () => {
  it('rejects with 429, the decision and a problem body, and does not run', async () => {
    const onDeny = {
      code: 'OCR_LIMIT',
      message: 'No more today',
      action: 'recharge-vip',
      params: { days: 1 },
    };
    const ocr = ocrWith(countingQuota(1, onDeny));
    await ocr.plain('u1', 'a');
    const error = (await failure(ocr.plain('u1', 'b'))) as RiskLimitExceededException;
    expect(error).toBeInstanceOf(RiskLimitExceededException);
    expect(error.getStatus()).toBe(429);
    expect(error.decision).toMatchObject({ allowed: false, reason: 'limit-reached' });
    expect(error.message).toBe('No more today');
    expect(error.getResponse()).toEqual({
      type: 'urn:sundial:problem:risk-limit-exceeded',
      title: 'The limit is reached',
      status: 429,
      detail: 'No more today',
      code: 'risk-limit-exceeded',
      resource: 'ocr',
      reason: 'limit-reached',
      retryAfterMs: 1_500,
      onDeny,
      limits: [],
    });
    expect(ocr.pages).toEqual(['a']);
  });

  it('leaves other subjects alone', async () => {
    const ocr = ocrWith(countingQuota(1));
    await ocr.plain('u1', 'a');
    await expect(ocr.plain('u2', 'a')).resolves.toBe('a of u2');
  });

  it('results in what onDenied returns, given the decision, the arguments and this', async () => {
    const ocr = ocrWith(countingQuota(0));
    await expect(ocr.offering('u1', 'p7')).resolves.toBe('u1, buy vip for p7: limit-reached');
  });

  it.each([
    ['amount-exceeds-limit', 'This is more "ocr" than the limit ever allows at once.'],
    ['degraded', '"ocr" cannot be counted at the moment, and its rule refuses then.'],
    ['gate-closed', '"ocr" is closed at the moment.'],
    ['braked', '"ocr" is turned down at the moment: try again later.'],
    ['no-rule', '"ocr" has no rule, and what has no rule is refused.'],
  ] as const)('says why when the reason is %s', async (reason, sentence) => {
    const refused = await countingQuota(0).check({ resource: 'ocr', subject: { user: 'u1' } });
    const { retryAfterMs: _, ...decision } = refused;
    const error = await failure(ocrWith(quotaThat(async () => ({ ...decision, reason }))).plain('u1', 'a'));
    expect((error as RiskLimitExceededException).message).toBe(sentence);
    expect((error as RiskLimitExceededException).getResponse()).not.toHaveProperty('retryAfterMs');
  });
});

describe('an allowed call', () => {
  it('passes on what the method throws, and stays counted', async () => {
    const quota = countingQuota(1);
    const ocr = ocrWith(quota);
    await expect(ocr.plain('u1', 'torn')).rejects.toThrow('torn page');
    await expect(ocr.plain('u1', 'a')).rejects.toBeInstanceOf(RiskLimitExceededException);
  });

  it('runs also when it was decided without the store', async () => {
    const allowed = await countingQuota(1).check({ resource: 'ocr', subject: { user: 'u1' } });
    const degraded: Decision = { ...allowed, degraded: { cause: 'timeout', policy: 'local' } };
    await expect(ocrWith(quotaThat(async () => degraded)).careful('u1')).resolves.toBe('ran');
  });
});

describe('the request', () => {
  it('has the subject, amount and operation id that the arguments give', async () => {
    const quota = countingQuota(100);
    await ocrWith(quota).described({ owner: 'u1', pages: 3, id: 'task-9' });
    await ocrWith(quota).described({ owner: 'u1', pages: 0 });
    expect(quota.checks).toEqual([
      { resource: 'ocr', subject: { user: 'u1', school: 's1' }, amount: 3, operationId: 'task-9' },
      { resource: 'ocr', subject: { user: 'u1', school: 's1' }, amount: 0 },
    ]);
  });

  it('takes a fixed amount', async () => {
    const quota = countingQuota(100);
    await ocrWith(quota).exportAll();
    expect(quota.checks).toEqual([{ resource: 'export', subject: { user: 'all' }, amount: 5 }]);
  });
});

describe('a quota that cannot be asked', () => {
  it('lets the method run uncounted and warns', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const ocr = ocrWith(quotaThat(() => Promise.reject(LOST)));
    await expect(ocr.plain('u1', 'a')).resolves.toBe('a of u1');
    await expect(ocr.plain('u1', 'b')).resolves.toBe('b of u1');
    expect(warn.mock.calls).toEqual([
      ['OcrService.plain ran uncounted: the quota did not decide. Error: connection refused'],
    ]);
  });

  it('is given to onUnavailable with the error, the arguments and this, instead of the method', async () => {
    const ocr = ocrWith(quotaThat(() => Promise.reject(LOST)));
    await expect(ocr.careful('u1')).resolves.toBe('u1, later (vip): Error: connection refused');
  });

  it('is no denial: onDenied stays silent', async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const ocr = ocrWith(quotaThat(() => Promise.reject(LOST)));
    await expect(ocr.offering('u1', 'p7')).resolves.toBe('p7');
  });

  it('does not hide what the method throws', async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const ocr = ocrWith(quotaThat(() => Promise.reject(LOST)));
    await expect(ocr.plain('u1', 'torn')).rejects.toThrow('torn page');
  });
});

describe('a rule that counts by an attribute the method does not name', () => {
  const missing = (...attributes: string[]) =>
    QuotaError.invalid(
      'invalid-request',
      attributes.map((name) => ({
        path: `subject.${name}`,
        message: `is missing: rule r counts per ${name}`,
      })),
    );

  /** A class of its own has not warned yet. */
  function freshWith(quota: Quota): { submit(userId: string): Promise<string> } {
    class Fresh {
      @RiskLimit({ resource: 'ocr' })
      async submit(@Subject('user') userId: string): Promise<string> {
        return `ran for ${userId}`;
      }
    }
    return bindQuota(new Fresh(), quota);
  }

  it('stops no business: the method runs uncounted, and the warning names the rule', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const fresh = freshWith(quotaThat(() => Promise.reject(missing('grade', 'school'))));
    await expect(fresh.submit('u1')).resolves.toBe('ran for u1');
    expect(warn.mock.calls).toEqual([
      [
        expect.stringMatching(
          /^Fresh\.submit ran uncounted: .*subject\.grade: is missing: rule r counts per/,
        ),
      ],
    ]);
  });

  it('does so on a real engine whose rules are changed live', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const rules = new LiveRules(new RuleBook(1, [aRule({ per: ['user'] })]));
    const engine = engineOn({ store: await MemoryStore.open(), rules });
    const fresh = freshWith(engine);
    await fresh.submit('u1');
    expect(warn).not.toHaveBeenCalled();
    rules.apply(new RuleBook(2, [aRule({ per: ['user', 'grade'] })]));
    await expect(fresh.submit('u1')).resolves.toBe('ran for u1');
    expect(warn).toHaveBeenCalledTimes(1);
    await engine.close();
  });

  it('is given to onUnavailable', async () => {
    const ocr = ocrWith(quotaThat(() => Promise.reject(missing('grade'))));
    await expect(ocr.careful('u1')).resolves.toMatch(/^u1, later .*subject\.grade: is missing/);
  });

  it('is no excuse for an attribute that the method names and that has no value', async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const ocr = ocrWith(quotaThat(() => Promise.reject(missing('user', 'grade'))));
    const error = await failure(ocr.plain(undefined as never, 'a'));
    expect(error).toBeInstanceOf(RiskLimitRequestException);
    expect((error as RiskLimitRequestException).problem).toMatchObject({
      status: 400,
      errors: [{ path: 'subject.user', message: 'is missing' }],
    });
    expect(ocr.pages).toEqual([]);
  });

  it('is misuse where the subject is a function: what it returns may differ from call to call', async () => {
    const call = ocrWith(quotaThat(() => Promise.reject(missing('grade')))).described({
      owner: 'u1',
      pages: 1,
    });
    await expect(call).rejects.toThrow(RiskLimitMisuseError);
  });
});

describe('misuse', () => {
  it('of the request is an error with class and method, and the method does not run', async () => {
    const invalid = QuotaError.invalid('invalid-request', [{ path: 'subject.user', message: 'is broken' }]);
    const ocr = ocrWith(quotaThat(() => Promise.reject(invalid)));
    const error = (await failure(ocr.plain('u1', 'a'))) as RiskLimitMisuseError;
    expect(error).toBeInstanceOf(RiskLimitMisuseError);
    expect(error.message).toBe('OcrService.plain: its check was refused: subject.user: is broken');
    expect(error.cause).toBe(invalid);
    expect(ocr.pages).toEqual([]);
  });

  it('of an operation id that the method never gave is one too, and never comes to onUnavailable', async () => {
    const conflict = new QuotaError('operation-conflict', 'task-9 was used for something else');
    const call = ocrWith(quotaThat(() => Promise.reject(conflict))).careful('u1');
    await expect(call).rejects.toBeInstanceOf(RiskLimitMisuseError);
    await expect(call).rejects.toThrow(/^OcrService\.careful: .*task-9/);
  });

  it('of an amount is one too, where no request can have brought it', async () => {
    const call = ocrWith(countingQuota(9)).described({ owner: 'u1', pages: 5n as never });
    await expect(call).rejects.toThrow(
      'OcrService.described: its option "amount" must be an integer of 0 to 9007199254740991, not a value of type bigint.',
    );
  });

  it('of the arguments is one too', async () => {
    const call = ocrWith(countingQuota(1)).nested({});
    await expect(call).rejects.toThrow(
      /^OcrService\.nested: its check could not be read from its arguments: TypeError: /,
    );
  });

  it('is asking without a quota: an instance Nest does not know, or a method without its instance', async () => {
    const fix =
      /^OcrService\.plain: this instance has no quota to ask\. .*QuotaModule\.forRoot\(\).*bindQuota/;
    await expect(new OcrService().plain('u1', 'a')).rejects.toThrow(fix);
    const { plain } = ocrWith(countingQuota(1));
    await expect(plain('u1', 'a')).rejects.toThrow(fix);
  });
});
