import { type ArgumentsHost, Catch, type ExceptionFilter, Inject } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import { type Refusal, replyOverHttp, replyOverRpc, replyOverWebSocket } from './refusal-replies.js';
import { RiskLimitExceededException } from './risk-limit-exceeded.exception.js';
import { RiskLimitRequestException } from './risk-limit-request.exception.js';

/**
 * Replies in each transport as Nest would, with all that a refusal says. A filter of the application goes before it, but
 * for a global one in the message handlers of a hybrid application: whether they ask global filters (`inheritAppConfig`)
 * cannot be seen from here.
 */
@Catch(RiskLimitExceededException, RiskLimitRequestException)
export class RiskLimitFilter implements ExceptionFilter<Refusal> {
  constructor(
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
  ) {
    // The filter added last is asked first. APP_FILTER would add this one after those of the root module; a constructor
    // runs before all of them.
    config.addGlobalFilter(this);
  }

  catch(refusal: Refusal, host: ArgumentsHost): unknown {
    const adapter = this.adapterHost.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
    switch (host.getType<string>()) {
      case 'http': {
        if (!adapter) throw refusal;
        const own = this.#globalFilterFor(refusal);
        return own ? own.catch(refusal, host) : replyOverHttp(refusal, host, adapter);
      }
      case 'rpc': {
        const own = adapter ? undefined : this.#globalFilterFor(refusal);
        return own ? own.catch(refusal, host) : replyOverRpc(refusal);
      }
      case 'ws':
        return replyOverWebSocket(refusal, host);
      // GraphQL reads the exception's `extensions`; what other contexts read is not known here.
      default:
        throw refusal;
    }
  }

  /**
   * The application's global filter that would be asked before this one, had this one not come first as a filter of the
   * class (`message-filters.ts`).
   */
  #globalFilterFor(refusal: Refusal): ExceptionFilter | undefined {
    return this.config.getGlobalFilters().findLast((filter) => filter !== this && catches(filter, refusal));
  }
}

/** Where `@Catch` keeps the classes it was given. */
const CAUGHT = '__filterCatchExceptions__';

function catches(filter: ExceptionFilter, refusal: Refusal): boolean {
  const caught = (Reflect.getMetadata(CAUGHT, filter.constructor) ?? []) as (abstract new () => unknown)[];
  return caught.length === 0 || caught.some((type) => refusal instanceof type);
}
