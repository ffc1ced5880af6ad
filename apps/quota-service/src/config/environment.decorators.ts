import { redisUrlError } from '@sundial/redis/without-driver';
import { Transform } from 'class-transformer';
import { ValidateBy } from 'class-validator';
import ipaddr from 'ipaddr.js';
import { readFileSync } from 'node:fs';
import { isWebhookUrl } from './webhook-target.js';
import { parseHostPorts } from './host-ports.js';
import { receiptKeyError } from './receipt-key-files.js';

/** A whole number in a range. The text is kept when it is none, so that the message can show it. */
export function Integer(min: number, max: number): PropertyDecorator {
  const convert = Transform(({ value }) => (/^-?\d{1,15}$/.test(String(value)) ? Number(value) : value));
  const check = must(`be an integer from ${min} to ${max}`, (value) => {
    return Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
  });
  return (target, property) => {
    convert(target, property);
    check(target, property);
  };
}

export function OneOf(values: readonly string[]): PropertyDecorator {
  return must(`be one of: ${values.join(', ')}`, (value) => values.includes(String(value)));
}

export function HostPorts(): PropertyDecorator {
  return must(
    'be host:port pairs separated by commas',
    (value) => parseHostPorts(String(value)) !== undefined,
  );
}

export function RedisUrl(): PropertyDecorator {
  return ValidateBy({
    name: 'RedisUrl',
    validator: {
      validate: (value) => redisUrlError(value) === undefined,
      defaultMessage: (given) => redisUrlError(given?.value) ?? '',
    },
  });
}

export function PostgresUrl(): PropertyDecorator {
  return must(
    'be a postgres:// URL with the name of a database, such as postgres://user:password@host/sundial',
    (value) => {
      const url = URL.parse(String(value));
      return (
        /^postgres(ql)?:$/.test(url?.protocol ?? '') &&
        url!.hostname !== '' &&
        /^\/[^/]+$/.test(url!.pathname)
      );
    },
  );
}

export function WebhookUrl(): PropertyDecorator {
  return must('be an https:// URL, or http:// to a loopback host, without a user in it', (value) =>
    isWebhookUrl(String(value)),
  );
}

export function CertificateFile(): PropertyDecorator {
  return must('name a file with PEM certificates that this process can read', (value) => {
    try {
      return readFileSync(String(value), 'utf8').includes('-----BEGIN CERTIFICATE-----');
    } catch {
      return false;
    }
  });
}

export function ReceiptKeyFiles(): PropertyDecorator {
  return ValidateBy({
    name: 'ReceiptKeyFiles',
    validator: {
      validate: (value) => receiptKeyError(value) === undefined,
      defaultMessage: (given) => receiptKeyError(given?.value) ?? '',
    },
  });
}

export function AddressRanges(): PropertyDecorator {
  return must('be address ranges separated by commas, such as 10.0.0.0/8,fd00::/8', (value) =>
    String(value)
      .split(',')
      .every((range) => ipaddr.isValidCIDR(range.trim()) || ipaddr.isValid(range.trim())),
  );
}

export function Like(pattern: RegExp, what: string): PropertyDecorator {
  return must(`be ${what}`, (value) => pattern.test(String(value)));
}

function must(requirement: string, holds: (value: unknown) => boolean): PropertyDecorator {
  return ValidateBy({
    name: requirement,
    validator: { validate: holds, defaultMessage: () => `must ${requirement}` },
  });
}
