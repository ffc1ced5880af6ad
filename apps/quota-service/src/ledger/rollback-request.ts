import 'reflect-metadata';
import { MAX_REASON_LENGTH, QuotaError, said } from '@sundial/contract';
import { plainToInstance } from 'class-transformer';
import { IsInt, IsOptional, IsString, Length, Max, Min, validateSync } from 'class-validator';
import { faultsIn, says } from '../http/body/validated-fields.js';

const VERSION = says(said('rules-version'));

/** Which version of the rules is wanted, and why. */
class RollbackRequest {
  @IsInt(VERSION)
  @Min(1, VERSION)
  @Max(Number.MAX_SAFE_INTEGER, VERSION)
  version!: number;

  @IsOptional()
  @IsString(says(said('characters', { from: 1, to: MAX_REASON_LENGTH })))
  @Length(1, MAX_REASON_LENGTH, says(said('characters', { from: 1, to: MAX_REASON_LENGTH })))
  reason?: string;
}

/** @throws QuotaError `invalid-request` with every error */
export function readRollback(body: unknown): { readonly version: number; readonly reason?: string } {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw QuotaError.invalid('invalid-request', [
      { path: '', ...said('object-with', { fields: 'version' }) },
    ]);
  const request = plainToInstance(RollbackRequest, body);
  const found = validateSync(request, {
    whitelist: true,
    forbidNonWhitelisted: true,
    stopAtFirstError: true,
  });
  const unknown = said('no-field-of', { what: 'a rollback', fields: 'version, reason' });
  const errors = found.flatMap((error) =>
    faultsIn(error, unknown).map((fault) => ({ path: error.property, ...fault })),
  );
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return request;
}
