import { type CheckRequest, type Decision, MAX_BATCH_CHECKS, QuotaError } from '@sundial/contract';
import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import { QuotaEngine } from '@sundial/engine';
import type { FastifyRequest } from 'fastify';
import { listIn } from '../http/body/list-envelope.js';
import { Describe } from '../http/openapi/describe.js';
import { MAX_BATCH_BODY_BYTES, MAX_JSON_VALUES, MAX_PARSED_AT_ONCE_BYTES } from '../http/bounds.js';
import { Route } from '../http/routes/route.decorator.js';
import { problemBody, type ProblemBody } from '../http/problems/problem.js';
import { BATCH } from './batch.docs.js';

/** A check that could not be decided for a reason of its own; the others of its batch were. */
interface UndecidedCheck {
  readonly operationId: string | undefined;
  readonly error: Pick<ProblemBody, 'code' | 'title' | 'status' | 'detail'>;
}

interface BatchAnswer {
  /** In the order of the checks. */
  readonly decisions: readonly (Decision | UndecidedCheck)[];
}

/** Many checks in one request, each decided on its own. */
@Controller('check/batch')
export class BatchController {
  constructor(private readonly engine: QuotaEngine) {}

  @Post()
  @HttpCode(200)
  @Describe(BATCH)
  @Route({
    access: 'check',
    maxBodyBytes: MAX_BATCH_BODY_BYTES,
    longList: { longerThanBytes: MAX_PARSED_AT_ONCE_BYTES, maxValues: MAX_JSON_VALUES },
    admission: 'batches',
    hot: true,
    verb: 'checkBatch',
  })
  async check(@Body() body: unknown, @Req() request: FastifyRequest): Promise<BatchAnswer> {
    const checks = listIn<CheckRequest>(body, 'checks', MAX_BATCH_CHECKS);
    const { actor, raw } = request;
    const { remoteAddress, remotePort } = raw.socket;
    const results = await this.engine.checkBatch(checks, {
      fairnessKeys: [actor, `${remoteAddress}:${remotePort}`],
      caller: request,
    });
    return { decisions: results.map((result, index) => entry(result, checks[index]?.operationId)) };
  }
}

function entry(result: Decision | QuotaError, operationId: string | undefined): Decision | UndecidedCheck {
  if (!(result instanceof QuotaError)) return result;
  const { code, title, status, detail } = problemBody(result);
  return { operationId, error: { code, title, status, detail } };
}
