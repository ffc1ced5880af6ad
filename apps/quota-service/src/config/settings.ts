import 'reflect-metadata';
import type { RedisTarget } from '@sundial/redis';
import { getConfigToken } from '@nestjs/config';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { resolve } from 'node:path';
import { contradictions, contradictionsAboutRedis } from './contradictions.js';
import type { Key } from './key.js';
import { Environment } from './environment.js';
import { keySettings } from './key-settings.js';
import { eventLogTarget, type EventLogTarget } from './event-log-target.js';
import { ledgerTarget, nodeName, type LedgerTarget } from './ledger-target.js';
import { misspelling } from './misspelling.js';
import { receiptKeyFilesIn } from './receipt-key-files.js';
import { redisTarget } from './redis-target.js';
import type { WebhookTarget } from './webhook-target.js';

/** What the service runs with: read once, before anything is opened, and never changed. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  /** What this node is called, the same after a restart. */
  readonly nodeName: string;
  /** Undefined: the embedded store. */
  readonly redis: RedisTarget | undefined;
  readonly deadlineMs: number;
  readonly batchDeadlineMs: number;
  readonly dataDirectory: string;
  /** Of the embedded store. Undefined: what the heap holds. */
  readonly maxSubjects: number | undefined;
  /** Of all answers together. */
  readonly maxUnreadBytes: number;
  readonly journalSync: 'group' | 'strict';
  readonly rulesFile: string;
  readonly alarmsFile: string;
  /** How often a node writes what it counted, for the alarms over all nodes. */
  readonly alarmIntervalMs: number;
  /** Undefined: alarms are not pushed. */
  readonly alarmWebhook: WebhookTarget | undefined;
  readonly checkKeys: readonly Key[];
  readonly adminKeys: readonly Key[];
  /** Some of them come from files, which can be read once more. */
  readonly hasKeyFiles: boolean;
  /** Undefined: with keys any host name, without keys loopback names only. */
  readonly allowedHosts: readonly string[] | undefined;
  /** Absolute paths, of which the first signs. None: a key that the data directory keeps. */
  readonly receiptKeyFiles: readonly string[];
  readonly receiptTtlMs: number;
  /** Whether every write of an operator says why. */
  readonly requireReason: boolean;
  /** Ranges of addresses that webhooks may reach although they are not public. */
  readonly webhookAllow: string | undefined;
  /** Seal what only receivers of webhooks may know: the first one. None: it is kept as it is. */
  readonly secretsKeys: readonly string[];
  /** Undefined: alarms are not mailed. */
  readonly alarmMail: AlarmMail | undefined;
  /** Undefined: nothing is recorded. */
  readonly ledger: LedgerTarget | undefined;
  /** Undefined: the log has no events. */
  readonly eventLog: EventLogTarget | undefined;
  readonly unknownResource: 'allow' | 'deny';
  readonly lameDuckMs: number;
  readonly shutdownGraceMs: number;
  readonly clockOffsetMs: number;
  readonly logLevel: Environment['LOG_LEVEL'];
}

/** How alarms are mailed. */
export interface AlarmMail {
  readonly smtpUrl: string;
  readonly to: string;
  readonly from: string;
}

/** Injects the settings. */
export const SETTINGS = getConfigToken('settings');

/** The configuration is invalid. Every error is one line: the variable, its value unless secret, and the fix. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(readonly errors: readonly string[]) {
    super(errors.join('\n'));
  }
}

/** @throws ConfigurationError with all errors at once. */
export function readSettings(variables: NodeJS.ProcessEnv): Settings {
  const environment = plainToInstance(Environment, known(variables));
  const errors = [
    ...misspelled(variables),
    ...invalid(environment),
    ...keySettings(environment).errors,
    ...contradictions(environment),
  ];
  if (errors.length > 0) throw new ConfigurationError(errors);
  return toSettings(environment);
}

/**
 * The keys alone, their files read once more.
 * @throws ConfigurationError with all errors at once.
 */
export function readKeys(variables: NodeJS.ProcessEnv): Pick<Settings, 'checkKeys' | 'adminKeys'> {
  const { errors, ...keys } = keySettings(plainToInstance(Environment, known(variables)));
  if (errors.length > 0) throw new ConfigurationError(errors);
  return keys;
}

/**
 * Where Redis is, whatever the other settings say; undefined: nowhere.
 * @throws ConfigurationError with all errors at once.
 */
export function readRedisTarget(variables: NodeJS.ProcessEnv): RedisTarget | undefined {
  const environment = plainToInstance(Environment, known(variables));
  const errors = [
    ...misspelled(variables).filter(isAboutRedis),
    ...invalid(environment).filter(isAboutRedis),
    ...contradictionsAboutRedis(environment),
  ];
  if (errors.length > 0) throw new ConfigurationError(errors);
  return redisTarget(environment);
}

function isAboutRedis(error: string): boolean {
  return /^(REDIS_|SUNDIAL_REDIS_CA)/.test(error);
}

/** What the settings name on the disk, also where other settings are wrong. */
export function readPaths(
  variables: NodeJS.ProcessEnv,
): Pick<Settings, 'dataDirectory' | 'rulesFile' | 'alarmsFile'> {
  return pathsIn(plainToInstance(Environment, known(variables)));
}

const NAMES = Object.keys(new Environment());
/** Values that carry keys or passwords are never shown. */
const SECRET = new Set([
  'SUNDIAL_CHECK_KEYS',
  'SUNDIAL_ADMIN_KEYS',
  'SUNDIAL_ALARM_WEBHOOK_URL',
  'SUNDIAL_LEDGER_URL',
  'SUNDIAL_SMTP_URL',
  'SUNDIAL_SECRETS_KEY',
  'SUNDIAL_ALARM_WEBHOOK_SECRET',
  'REDIS_URL',
  'REDIS_SENTINEL_USERNAME',
  'REDIS_SENTINEL_PASSWORD',
  'REDIS_USERNAME',
  'REDIS_PASSWORD',
]);

/** An empty variable is an absent one, as `${REDIS_URL:-}` in a compose file wants it. */
function known(variables: NodeJS.ProcessEnv): Record<string, string> {
  const entries = NAMES.map((name) => [name, variables[name]?.trim()]);
  return Object.fromEntries(entries.filter(([, value]) => value));
}

/** A key list under a misspelt name would leave a service open, so near misses are errors. */
function misspelled(variables: NodeJS.ProcessEnv): string[] {
  const candidates = Object.keys(variables).filter(
    (name) => /^(SUNDIAL|REDIS)_/.test(name) && !NAMES.includes(name),
  );
  return candidates.flatMap((name) => {
    const meant = misspelling(name, NAMES);
    return meant && !variables[meant] ? [`${name} is no setting: did you mean ${meant}?`] : [];
  });
}

function invalid(environment: Environment): string[] {
  return validateSync(environment).map(({ property, value, constraints = {} }) => {
    const shown = SECRET.has(property) ? '' : `=${JSON.stringify(value)}`;
    return `${property}${shown} ${Object.values(constraints).join(' and ')}`;
  });
}

function toSettings(environment: Environment): Settings {
  return {
    host: environment.HOST,
    port: environment.PORT,
    nodeName: nodeName(environment),
    redis: redisTarget(environment),
    deadlineMs: environment.SUNDIAL_DEADLINE_MS,
    batchDeadlineMs: environment.SUNDIAL_BATCH_DEADLINE_MS,
    ...pathsIn(environment),
    maxSubjects: environment.SUNDIAL_MAX_SUBJECTS,
    maxUnreadBytes: environment.SUNDIAL_MAX_UNREAD_BYTES,
    journalSync: environment.SUNDIAL_JOURNAL,
    alarmWebhook: webhookTarget(environment),
    ...keysOf(environment),
    allowedHosts: environment.SUNDIAL_ALLOWED_HOSTS?.split(',').map((host) => host.trim()),
    receiptKeyFiles: receiptKeyFilesIn(environment.SUNDIAL_RECEIPT_KEY).map((path) => resolve(path)),
    receiptTtlMs: environment.SUNDIAL_RECEIPT_TTL_MS,
    requireReason: environment.SUNDIAL_REQUIRE_REASON === 'true',
    webhookAllow: environment.SUNDIAL_WEBHOOK_ALLOW,
    secretsKeys: environment.SUNDIAL_SECRETS_KEY?.split(',') ?? [],
    alarmMail: alarmMail(environment),
    ledger: ledgerTarget(environment),
    eventLog: eventLogTarget(environment),
    unknownResource: environment.SUNDIAL_UNKNOWN_RESOURCE,
    alarmIntervalMs: environment.SUNDIAL_ALARM_INTERVAL_MS,
    lameDuckMs: environment.SUNDIAL_LAME_DUCK_MS,
    shutdownGraceMs: environment.SUNDIAL_SHUTDOWN_GRACE_MS,
    clockOffsetMs: environment.SUNDIAL_CLOCK_OFFSET_MS,
    logLevel: environment.LOG_LEVEL,
  };
}

function pathsIn(environment: Environment) {
  return {
    dataDirectory: resolve(environment.SUNDIAL_DATA_DIR),
    rulesFile: resolve(environment.SUNDIAL_RULES_FILE),
    alarmsFile: resolve(environment.SUNDIAL_ALARMS_FILE),
  };
}

function webhookTarget(environment: Environment): WebhookTarget | undefined {
  const { SUNDIAL_ALARM_WEBHOOK_URL: url, SUNDIAL_ALARM_WEBHOOK_SECRET: secret } = environment;
  return url && secret ? { url, secret } : undefined;
}

function keysOf(environment: Environment): Pick<Settings, 'checkKeys' | 'adminKeys' | 'hasKeyFiles'> {
  const { checkKeys, adminKeys } = keySettings(environment);
  const { SUNDIAL_CHECK_KEYS_FILE, SUNDIAL_ADMIN_KEYS_FILE } = environment;
  return { checkKeys, adminKeys, hasKeyFiles: Boolean(SUNDIAL_CHECK_KEYS_FILE ?? SUNDIAL_ADMIN_KEYS_FILE) };
}

function alarmMail(environment: Environment): AlarmMail | undefined {
  const { SUNDIAL_SMTP_URL: smtpUrl, SUNDIAL_ALARM_MAIL_TO: to, SUNDIAL_ALARM_MAIL_FROM: from } = environment;
  return smtpUrl && to && from ? { smtpUrl, to, from } : undefined;
}
