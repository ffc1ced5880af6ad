import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import { QuotaEngine, QuotaError, type CheckRequest, type Decision } from '@sundial/engine';
import type { FastifyRequest } from 'fastify';
import { Describe } from '../docs/describe.js';
import { MAX_BATCH_BODY_BYTES, MAX_BATCH_CHECKS } from '../http/bounds.js';
import { Route } from '../http/route.decorator.js';
import { problemBody, type ProblemBody } from '../problems/problem.js';
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
  @Route({ access: 'check', maxBodyBytes: MAX_BATCH_BODY_BYTES, admission: 'batches', hot: true })
  async check(@Body() body: unknown, @Req() request: FastifyRequest): Promise<BatchAnswer> {
    const checks = checksOf(body);
    const { remoteAddress, remotePort } = request.raw.socket;
    const results = await this.engine.checkBatch(checks, {
      fairnessKeys: [request.headers.authorization ?? '', `${remoteAddress}:${remotePort}`],
    });
    return { decisions: results.map((result, index) => entry(result, checks[index]?.operationId)) };
  }
}

/** What a batch adds to checks; the checks themselves are read by the engine. */
function checksOf(body: unknown): readonly CheckRequest[] {
  const { checks, ...others } = isRecord(body) ? body : {};
  const errors = Object.keys(others).map((name) => ({
    path: name.slice(0, 64),
    message: 'is not a known field',
  }));
  if (!Array.isArray(checks)) errors.push({ path: 'checks', message: 'must be a list of checks' });
  else if (checks.length < 1 || checks.length > MAX_BATCH_CHECKS) {
    errors.push({
      path: 'checks',
      message: `must hold 1 to ${MAX_BATCH_CHECKS} checks, not ${checks.length}`,
    });
  }
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return checks as CheckRequest[];
}

function isRecord(body: unknown): body is Record<string, unknown> {
  return typeof body === 'object' && body !== null && !Array.isArray(body);
}

function entry(result: Decision | QuotaError, operationId: string | undefined): Decision | UndecidedCheck {
  if (!(result instanceof QuotaError)) return result;
  const { code, title, status, detail } = problemBody(result);
  return { operationId, error: { code, title, status, detail } };
}
