import 'reflect-metadata';
import { type InputError, MAX_REASON_LENGTH, NAME_PATTERN, QuotaError, said } from '@sundial/contract';
import { type BodyTemplate, OUTGOING_EVENT_TYPES, type WebhookInput } from '@sundial/ledger';
import { plainToInstance, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsObject,
  IsOptional,
  Length,
  Matches,
  ValidateNested,
  validateSync,
  type ValidationError,
} from 'class-validator';
import { faultsIn, says } from '../http/body/validated-fields.js';
import { SecretHeaders } from './secret-headers.js';
import { templateFault } from './sending/body-template.js';

const MAX_URL_LENGTH = 2_048;
const MAX_TEMPLATE_LENGTH = 4_096;
const MAX_DESCRIPTION_LENGTH = 256;
const CONTENT_TYPES = ['application/json', 'application/x-www-form-urlencoded', 'text/plain'] as const;
const NAME = says(said('name'));
const BOOLEAN = says(said('true-or-false'));

class FilterRequest {
  @IsOptional()
  @IsArray(says(said('webhook-types')))
  @ArrayMinSize(1, says(said('webhook-types-none')))
  @ArrayMaxSize(OUTGOING_EVENT_TYPES.length, says(said('webhook-types-twice')))
  @ArrayUnique(says(said('webhook-types-twice')))
  @IsIn(OUTGOING_EVENT_TYPES, {
    each: true,
    ...says(said('webhook-types-of', { values: OUTGOING_EVENT_TYPES.join(', ') })),
  })
  types?: string[];

  @IsOptional()
  @Matches(NAME_PATTERN, NAME)
  resource?: string;

  @IsOptional()
  @Matches(NAME_PATTERN, NAME)
  rule?: string;
}

class TemplateRequest {
  @IsIn(CONTENT_TYPES, says(said('one-of', { values: CONTENT_TYPES.join(', ') })))
  contentType!: BodyTemplate['contentType'];

  @Length(1, MAX_TEMPLATE_LENGTH, says(said('text-length', { from: 1, to: MAX_TEMPLATE_LENGTH })))
  body!: string;
}

class WebhookRequest {
  @Length(1, MAX_URL_LENGTH, says(said('webhook-url-length', { to: MAX_URL_LENGTH })))
  url!: string;

  @IsOptional()
  @IsObject(says(said('object-with', { fields: 'types, resource, rule' })))
  @ValidateNested()
  @Type(() => FilterRequest)
  filter?: FilterRequest;

  @IsOptional()
  @Matches(/^\S{16,256}$/, says(said('webhook-secret')))
  secret?: string;

  @IsOptional()
  @IsBoolean(BOOLEAN)
  rotateSecret?: boolean;

  @IsOptional()
  @SecretHeaders()
  headers?: Readonly<Record<string, string>>;

  @IsOptional()
  @IsObject(says(said('object-with', { fields: 'contentType, body' })))
  @ValidateNested()
  @Type(() => TemplateRequest)
  template?: TemplateRequest;

  @IsOptional()
  @Length(1, MAX_DESCRIPTION_LENGTH, says(said('text-length', { from: 1, to: MAX_DESCRIPTION_LENGTH })))
  description?: string;

  @IsOptional()
  @IsBoolean(BOOLEAN)
  enabled?: boolean;

  @IsOptional()
  @Length(1, MAX_REASON_LENGTH, says(said('text-length', { from: 1, to: MAX_REASON_LENGTH })))
  reason?: string;
}

export type WebhookWrite = WebhookInput & { readonly rotateSecret?: boolean; readonly reason?: string };

/** @throws QuotaError `invalid-request` with every error */
export function readWebhook(body: unknown): WebhookWrite {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw QuotaError.invalid('invalid-request', [{ path: '', ...said('object-with', { fields: 'url' }) }]);
  const request = plainToInstance(WebhookRequest, body);
  const errors = validateSync(request, { whitelist: true, forbidNonWhitelisted: true }).flatMap((error) =>
    errorsIn(error, ''),
  );
  if (errors.length === 0) errors.push(...urlErrors(request.url), ...templateErrors(request.template));
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return JSON.parse(JSON.stringify(request)) as WebhookWrite;
}

function errorsIn(error: ValidationError, around: string): InputError[] {
  const { property, children = [] } = error;
  const path = around === '' ? property : `${around}.${property}`;
  const own = faultsIn(error, said('webhook-field')).map((fault) => ({ path: path.slice(0, 128), ...fault }));
  return [...own, ...children.flatMap((child) => errorsIn(child, path))];
}

function urlErrors(text: string): InputError[] {
  const path = 'url';
  if (!URL.canParse(text)) return [{ path, ...said('webhook-url') }];
  const { protocol, username, password } = new URL(text);
  if (protocol !== 'https:' && protocol !== 'http:') return [{ path, ...said('webhook-url') }];
  if (username !== '' || password !== '') return [{ path, ...said('webhook-url-user') }];
  return [];
}

function templateErrors(template: BodyTemplate | undefined): InputError[] {
  const fault = template && templateFault(template);
  return fault === undefined ? [] : [{ path: 'template.body', ...fault }];
}
