import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type Quota, QuotaError } from '@sundial/contract';
import { countingQuota } from '../../../test/support/counting-quota.js';
import { bindQuota } from './bound-quota.js';
import { RiskLimit } from './risk-limit.decorator.js';
import { RiskLimitRequestException } from './risk-limit-request.exception.js';
import { Subject } from './subject.decorator.js';
import { FakeQuota } from './testing/fake-quota.js';

class OcrService {
  readonly pages: string[] = [];

  @RiskLimit({ resource: 'ocr' })
  async plain(@Subject('user') _userId: string, page: string): Promise<void> {
    this.pages.push(page);
  }

  @RiskLimit<OcrService['described']>({
    resource: 'ocr',
    subject: (task) => ({ user: task.owner }),
    amount: (task) => task.pages,
    amounts: (task) => ({ tokens: task.tokens ?? 0, cny_micros: 1 }),
    operationId: (task) => task.id,
    onUnavailable: () => undefined,
  })
  async described(_task: { owner: string; pages: number; tokens?: number; id?: string }): Promise<void> {}
}

function ocrThatFailsWith(error: Error): OcrService {
  return ocrWith(new FakeQuota(error));
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

afterEach(() => {
  jest.restoreAllMocks();
});

describe('what the caller sent and makes no check', () => {
  const invalid = QuotaError.invalid('invalid-request', [{ path: 'subject.user', message: 'is missing' }]);

  it('is a 400 with the problem of a Sundial service, and the method does not run', async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const ocr = ocrThatFailsWith(invalid);
    const error = (await failure(ocr.plain(undefined as never, 'a'))) as RiskLimitRequestException;
    expect(error).toBeInstanceOf(RiskLimitRequestException);
    expect(error.getStatus()).toBe(400);
    expect(error.getResponse()).toEqual({
      type: 'urn:sundial:problem:invalid-request',
      title: 'The request is not valid',
      status: 400,
      detail: 'subject.user: is missing',
      code: 'invalid-request',
      resource: 'ocr',
      errors: [{ path: 'subject.user', message: 'is missing' }],
    });
    expect(error).toMatchObject({ message: 'subject.user: is missing', method: 'OcrService.plain' });
    expect(error.cause).toBe(invalid);
    expect(ocr.pages).toEqual([]);
  });

  it('is one too where a function gives the subject, an amount or the operation id', async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const quota = countingQuota(100);
    const call = ocrWith(quota).described({ owner: ['u1'], pages: -1, tokens: '5', id: 'ü' } as never);
    expect(await failure(call)).toMatchObject({
      problem: {
        errors: [
          { path: 'subject.user', message: 'must be a string or a whole number, not a list' },
          { path: 'amount', message: 'must be an integer of 0 to 9007199254740991' },
          { path: 'amounts.tokens', message: 'must be an integer of 0 to 9007199254740991' },
          { path: 'operationId', message: 'must be 1 to 128 printable ASCII characters' },
        ],
      },
    });
    const missing = ocrThatFailsWith(invalid);
    expect(await failure(missing.described({ pages: 1 } as never))).toBeInstanceOf(RiskLimitRequestException);
    expect(quota.checks).toEqual([]);
  });

  it('is said in the log at most once a minute, since the program may be to blame', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    class Fresh {
      @RiskLimit({ resource: 'ocr' })
      async submit(@Subject('user') _user: unknown): Promise<void> {}
    }
    const fresh = bindQuota(new Fresh(), countingQuota(1));
    for (let n = 0; n < 3; n += 1) await failure(fresh.submit(['u1']));
    expect(warn.mock.calls).toEqual([
      [
        'Fresh.submit refused a call: subject.user: must be a string or a whole number, not a list. ' +
          'If no request can have sent that, the program passes it.',
      ],
    ]);
  });

  it('is a 409 where the operation was refunded', async () => {
    const refunded = new QuotaError('operation-refunded', 'task-9 was refunded');
    const call = ocrThatFailsWith(refunded).described({ owner: 'u1', pages: 1, id: 'task-9' });
    expect(await failure(call)).toMatchObject({
      problem: { status: 409, code: 'operation-refunded', title: 'The operation was refunded' },
    });
  });

  it('is a 409 where the operation id was used for something else, and never comes to onUnavailable', async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const conflict = new QuotaError('operation-conflict', 'task-9 was used for something else');
    const call = ocrThatFailsWith(conflict).described({
      owner: 'u1',
      pages: 1,
      id: 'task-9',
    });
    const error = (await failure(call)) as RiskLimitRequestException;
    expect(error).toBeInstanceOf(RiskLimitRequestException);
    expect(error.problem).toEqual({
      type: 'urn:sundial:problem:operation-conflict',
      title: 'The operation id was used for something else',
      status: 409,
      detail: 'task-9 was used for something else',
      code: 'operation-conflict',
      resource: 'ocr',
    });
  });
});
