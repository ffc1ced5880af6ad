import { said } from '@sundial/contract';
import { ValidateBy } from 'class-validator';
import { says } from '../http/body/validated-fields.js';

const MAX_HEADERS = 8;
const NAME = /^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/;
/** Visible ASCII, with spaces between. */
const VALUE = /^[!-~](?:[ -~]{0,1022}[!-~])?$/;
/** They say where a request goes, where it ends and what it is: that is the service's to say. */
const RESERVED =
  /^(?:host|connection|content-.*|transfer-encoding|te|trailer|upgrade|expect|keep-alive|proxy-.*|user-agent|sundial-.*)$/;

/** Names in small letters and values of headers that a webhook sends along, such as a receiver's token. */
export function SecretHeaders(): PropertyDecorator {
  return ValidateBy(
    { name: 'secretHeaders', validator: { validate: areHeaders } },
    says(said('webhook-headers', { to: MAX_HEADERS })),
  );
}

function areHeaders(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.length <= MAX_HEADERS &&
    entries.every(
      ([name, text]) =>
        NAME.test(name) && !RESERVED.test(name) && typeof text === 'string' && VALUE.test(text),
    )
  );
}
