import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  HttpException,
  Logger,
  Post,
  type Provider,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Quota } from '@sundial/contract';
import type { Response } from 'supertest';
import { countingQuota } from '../../../test/support/counting-quota.js';
import {
  closeNestApplications,
  request,
  startNestApplication,
} from '../../../test/support/nest-application.js';
import { QuotaModule } from './quota.module.js';
import { RiskLimit } from './risk-limit.decorator.js';
import { RiskLimitExceededException } from './risk-limit-exceeded.exception.js';
import { FakeQuota } from './testing/fake-quota.js';

@Controller()
class OcrController {
  @Post('ocr')
  @RiskLimit({ resource: 'ocr', subject: () => ({ user: 'u1' }) })
  async submit(): Promise<void> {}
}

/** As much of a reply as a filter uses. */
interface Reply {
  status(code: number): { send(body: string): void };
}

async function answerOf(engine: Quota, providers: Provider[] = []): Promise<Response> {
  const imports = [QuotaModule.forRoot({ engine })];
  return request(await startNestApplication({ imports, controllers: [OcrController], providers })).post(
    '/ocr',
  );
}

beforeAll(() => Logger.overrideLogger(false));

afterEach(closeNestApplications);

describe('the answer to a denied request', () => {
  it('is a problem with Retry-After', async () => {
    const onDeny = { code: 'OCR_LIMIT', action: 'recharge-vip' };
    const answer = await answerOf(countingQuota(0, onDeny));
    expect(answer.status).toBe(429);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/problem+json; charset=utf-8',
      'retry-after': '2',
    });
    expect(answer.body).toMatchObject({
      code: 'risk-limit-exceeded',
      status: 429,
      resource: 'ocr',
      retryAfterMs: 1_500,
      onDeny,
    });
  });

  it('has no Retry-After when waiting does not help', async () => {
    const refused = await countingQuota(0).check({ resource: 'ocr', subject: { user: 'u1' } });
    const { retryAfterMs: _, ...decision } = refused;
    const answer = await answerOf(FakeQuota.refusing({ ...decision, reason: 'amount-exceeds-limit' }));
    expect(answer.status).toBe(429);
    expect(answer.headers).not.toHaveProperty('retry-after');
  });

  it.each([[RiskLimitExceededException], [HttpException], []])(
    'is what the application wants when it has a filter of its own for %p',
    async (...caught) => {
      @Catch(...caught)
      class OwnFilter implements ExceptionFilter {
        catch(exception: RiskLimitExceededException, host: ArgumentsHost): void {
          host.switchToHttp().getResponse<Reply>().status(402).send(exception.decision.reason);
        }
      }
      const answer = await answerOf(countingQuota(0), [{ provide: APP_FILTER, useClass: OwnFilter }]);
      expect([answer.status, answer.text]).toEqual([402, 'limit-reached']);
    },
  );
});
