import 'reflect-metadata';
import { MAX_REASON_LENGTH, QuotaError } from '@sundial/contract';
import { plainToInstance } from 'class-transformer';
import { IsInt, IsOptional, IsString, Length, Max, Min, validateSync } from 'class-validator';

const VERSION = 'must be a version of the rules, a whole number from 1 on';

/** Which version of the rules is wanted, and why. */
class RollbackRequest {
  @IsInt({ message: VERSION })
  @Min(1, { message: VERSION })
  @Max(Number.MAX_SAFE_INTEGER, { message: VERSION })
  version!: number;

  @IsOptional()
  @IsString({ message: 'must be text' })
  @Length(1, MAX_REASON_LENGTH, { message: `must have 1 to ${MAX_REASON_LENGTH} characters` })
  reason?: string;
}

/** @throws QuotaError `invalid-request` with every error */
export function readRollback(body: unknown): { readonly version: number; readonly reason?: string } {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw QuotaError.invalid('invalid-request', [{ path: '', message: 'must be an object with a version' }]);
  const request = plainToInstance(RollbackRequest, body);
  const found = validateSync(request, {
    whitelist: true,
    forbidNonWhitelisted: true,
    stopAtFirstError: true,
  });
  const errors = found.flatMap(({ property: path, constraints = {} }) =>
    Object.entries(constraints).map(([name, message]) => ({
      path,
      message: name === 'whitelistValidation' ? 'is not a field; there are version and reason' : message,
    })),
  );
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return request;
}
