import 'reflect-metadata';
import { type InputError, MAX_REASON_LENGTH, NAME_PATTERN, QuotaError } from '@sundial/contract';
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
import { SecretHeaders } from './secret-headers.js';
import { templateMessage } from './sending/body-template.js';

const MAX_URL_LENGTH = 2_048;
const MAX_TEMPLATE_LENGTH = 4_096;
const MAX_DESCRIPTION_LENGTH = 256;
const CONTENT_TYPES = ['application/json', 'application/x-www-form-urlencoded', 'text/plain'] as const;
const NAME = { message: 'must be a name of 1 to 128 letters, digits, ".", "_", ":" or "-"' };

class FilterRequest {
  @IsOptional()
  @IsArray({ message: 'must be a list of types' })
  @ArrayMinSize(1, { message: 'must name a type; without types the webhook gets all' })
  @ArrayMaxSize(OUTGOING_EVENT_TYPES.length, { message: 'must name each type once' })
  @ArrayUnique({ message: 'must name each type once' })
  @IsIn(OUTGOING_EVENT_TYPES, { each: true, message: `must be of ${OUTGOING_EVENT_TYPES.join(', ')}` })
  types?: string[];

  @IsOptional()
  @Matches(NAME_PATTERN, NAME)
  resource?: string;

  @IsOptional()
  @Matches(NAME_PATTERN, NAME)
  rule?: string;
}

class TemplateRequest {
  @IsIn(CONTENT_TYPES, { message: `must be one of ${CONTENT_TYPES.join(', ')}` })
  contentType!: BodyTemplate['contentType'];

  @Length(1, MAX_TEMPLATE_LENGTH, { message: `must be a text of 1 to ${MAX_TEMPLATE_LENGTH} characters` })
  body!: string;
}

class WebhookRequest {
  @Length(1, MAX_URL_LENGTH, { message: `must be an https:// URL of at most ${MAX_URL_LENGTH} characters` })
  url!: string;

  @IsOptional()
  @IsObject({ message: 'must be an object with types, resource or rule' })
  @ValidateNested()
  @Type(() => FilterRequest)
  filter?: FilterRequest;

  @IsOptional()
  @Matches(/^\S{16,256}$/, { message: 'must have 16 to 256 characters without spaces; absent: one is made' })
  secret?: string;

  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  rotateSecret?: boolean;

  @IsOptional()
  @SecretHeaders()
  headers?: Readonly<Record<string, string>>;

  @IsOptional()
  @IsObject({ message: 'must be an object with contentType and body' })
  @ValidateNested()
  @Type(() => TemplateRequest)
  template?: TemplateRequest;

  @IsOptional()
  @Length(1, MAX_DESCRIPTION_LENGTH, {
    message: `must be a text of 1 to ${MAX_DESCRIPTION_LENGTH} characters`,
  })
  description?: string;

  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  enabled?: boolean;

  @IsOptional()
  @Length(1, MAX_REASON_LENGTH, { message: `must be a text of 1 to ${MAX_REASON_LENGTH} characters` })
  reason?: string;
}

export type WebhookWrite = WebhookInput & { readonly rotateSecret?: boolean; readonly reason?: string };

/** @throws QuotaError `invalid-request` with every error */
export function readWebhook(body: unknown): WebhookWrite {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw QuotaError.invalid('invalid-request', [{ path: '', message: 'must be an object with a url' }]);
  const request = plainToInstance(WebhookRequest, body);
  const errors = validateSync(request, { whitelist: true, forbidNonWhitelisted: true }).flatMap((error) =>
    errorsIn(error, ''),
  );
  if (errors.length === 0) errors.push(...urlErrors(request.url), ...templateErrors(request.template));
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return JSON.parse(JSON.stringify(request)) as WebhookWrite;
}

function errorsIn(
  { property, constraints = {}, children = [] }: ValidationError,
  around: string,
): InputError[] {
  const path = around === '' ? property : `${around}.${property}`;
  const own = Object.entries(constraints).map(([name, message]) => ({
    path: path.slice(0, 128),
    message: name === 'whitelistValidation' ? 'is not a field of a webhook' : message,
  }));
  return [...own, ...children.flatMap((child) => errorsIn(child, path))];
}

function urlErrors(text: string): InputError[] {
  const path = 'url';
  if (!URL.canParse(text)) return [{ path, message: 'must be an https:// URL' }];
  const { protocol, username, password } = new URL(text);
  if (protocol !== 'https:' && protocol !== 'http:') return [{ path, message: 'must be an https:// URL' }];
  if (username !== '' || password !== '')
    return [{ path, message: 'must not have a user or a password in it' }];
  return [];
}

function templateErrors(template: BodyTemplate | undefined): InputError[] {
  const message = template && templateMessage(template);
  return message === undefined ? [] : [{ path: 'template.body', message }];
}
