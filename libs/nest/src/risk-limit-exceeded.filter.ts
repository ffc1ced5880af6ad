import { type ArgumentsHost, Catch, Inject } from '@nestjs/common';
import { ApplicationConfig, BaseExceptionFilter } from '@nestjs/core';
import { RiskLimitExceededException } from './risk-limit-exceeded.exception.js';

/** Answers as Nest would, with the headers that an exception cannot carry. Any filter of the application goes before it. */
@Catch(RiskLimitExceededException)
export class RiskLimitExceededFilter extends BaseExceptionFilter<RiskLimitExceededException> {
  constructor(@Inject(ApplicationConfig) config: ApplicationConfig) {
    super();
    // The filter added last is asked first. APP_FILTER would add this one after those of the root module; a constructor
    // runs before all of them.
    config.addGlobalFilter(this);
  }

  override catch(exception: RiskLimitExceededException, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw exception;
    const adapter = this.httpAdapterHost?.httpAdapter;
    const response: unknown = host.switchToHttp().getResponse();
    if (adapter && !adapter.isHeadersSent(response)) {
      adapter.setHeader(response, 'Content-Type', 'application/problem+json; charset=utf-8');
      const { retryAfterMs } = exception.decision;
      if (retryAfterMs !== undefined) {
        adapter.setHeader(response, 'Retry-After', String(Math.ceil(retryAfterMs / 1_000)));
      }
    }
    super.catch(exception, host);
  }
}
