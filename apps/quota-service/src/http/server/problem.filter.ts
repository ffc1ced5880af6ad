import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { QuotaError } from '@sundial/contract';
import { DrillFault } from '@sundial/engine';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../../logging/log.js';
import { ANSWER_HEADERS } from '../answer-headers.js';
import { MAX_BODY_BYTES } from '../bounds.js';
import type { RouteTable } from '../routes/route-table.js';
import { fromFastify } from '../problems/fastify-errors.js';
import { Problem, PROBLEM_TYPE, problemBody, problemHeaders } from '../problems/problem.js';
import type { Refusals } from '../refusals/refusals.js';
import { DrilledAnswers } from './drilled-answers.js';

/** Every error of every route, Fastify's own included, leaves through here. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #drilled = new DrilledAnswers();

  constructor(
    private readonly log: Log,
    private readonly routes: RouteTable,
    private readonly refusals: Refusals,
  ) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(exception, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  /** Also for what Fastify refuses before Nest sees it, such as a path that cannot be decoded. */
  answer(exception: unknown, request: FastifyRequest, reply: FastifyReply): void {
    if (exception instanceof DrillFault && this.isDrilled(exception, request, reply)) return;
    const error = this.problemOf(exception, request);
    const body = problemBody(error, request.id);
    request.problemCode = error.code;
    this.refusals.answer(error.code, request, reply, () => {
      void reply
        .code(body.status)
        .headers(ANSWER_HEADERS)
        .headers(problemHeaders(error))
        .header('x-request-id', request.id)
        .type(PROBLEM_TYPE)
        .send(JSON.stringify(body));
    });
  }

  /** Whether it needs no answer. */
  private isDrilled({ effect }: DrillFault, request: FastifyRequest, reply: FastifyReply): boolean {
    switch (effect) {
      case 'dropped':
        this.#drilled.drop(request, reply);
        return true;
      case 'unanswered':
        this.#drilled.leaveUnanswered(request, reply);
        return true;
      case 'answered':
        return false;
      default:
        return effect satisfies never;
    }
  }

  private problemOf(exception: unknown, request: FastifyRequest): Problem | QuotaError {
    if (exception instanceof Problem || exception instanceof QuotaError) return exception;
    const cause = exception instanceof HttpException ? (exception.cause ?? exception) : exception;
    const known = fromFastify(cause, request.routeOptions?.bodyLimit ?? MAX_BODY_BYTES);
    if (known) return known;
    if (exception instanceof HttpException && exception.getStatus() === 404)
      return this.routes.missing(request);
    const { actor, id: reqId, traceId } = request;
    this.log.error({ err: exception, actor, reqId, traceId }, 'request failed');
    return new Problem('internal-error', `The request could not be handled; the log names it ${request.id}.`);
  }
}
