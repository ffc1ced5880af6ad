import { DEFAULT_RECEIPT_TTL_MS, MAX_RECEIPT_TTL_MS, MIN_RECEIPT_TTL_MS } from '@sundial/contract';
import { Transform } from 'class-transformer';
import { IsOptional } from 'class-validator';
import { fileURLToPath } from 'node:url';
import {
  AddressRanges,
  CertificateFile,
  HostPorts,
  Integer,
  Like,
  OneOf,
  PostgresUrl,
  ReceiptKeyFiles,
  RedisUrl,
  WebhookUrl,
} from './environment.decorators.js';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
/** The samples in `config/`, wherever the service is started from; `src` and `dist` are equally deep. */
const SAMPLE_RULES = fileURLToPath(new URL('../../../../config/rules.yaml', import.meta.url));
/** Ready for use, unlike the sample rules. */
const SHIPPED_ALARMS = fileURLToPath(new URL('../../../../config/alarms.yaml', import.meta.url));
/** IPv6 addresses with or without their brackets. */
const HOST_NAMES = /^(\[[\da-f:.]+\]|[\w:.-]+)(\s*,\s*(\[[\da-f:.]+\]|[\w:.-]+))*$/i;
const MAIL_ADDRESS = /^[^\s@,<>]{1,64}@[^\s@,<>]{1,255}$/;
const MAIL_ADDRESSES = /^[^\s@,<>]{1,64}@[^\s@,<>]{1,255}(\s*,\s*[^\s@,<>]{1,64}@[^\s@,<>]{1,255}){0,9}$/;
const CENTURY_MS = 36_525 * 86_400_000;

/** Every environment variable the service reads, under its own name, with its default. `Settings` gives them meaning. */
export class Environment {
  /** Where to listen. Anything but a loopback address needs keys. */
  @Like(/^[\w:.%-]{1,253}$/, 'a host name or an IP address')
  HOST = '127.0.0.1';

  /** 0 lets the system choose. */
  @Integer(0, 65_535)
  PORT = 3000;

  /** Absent, as the next two: counters live in this process. */
  @IsOptional()
  @RedisUrl()
  REDIS_URL: string | undefined = undefined;

  /** Some nodes of a Redis Cluster. */
  @IsOptional()
  @HostPorts()
  REDIS_CLUSTER_NODES: string | undefined = undefined;

  /** The sentinels that watch the master `REDIS_SENTINEL_NAME`. */
  @IsOptional()
  @HostPorts()
  REDIS_SENTINELS: string | undefined = undefined;

  @IsOptional()
  @Like(/^[\w.-]+$/, 'the name of the master the sentinels watch')
  REDIS_SENTINEL_NAME: string | undefined = undefined;

  /** For the sentinels themselves, where they ask for it. */
  @IsOptional()
  REDIS_SENTINEL_USERNAME: string | undefined = undefined;

  @IsOptional()
  REDIS_SENTINEL_PASSWORD: string | undefined = undefined;

  /** These three are for a Cluster or the servers behind Sentinels; a `REDIS_URL` carries its own. */
  @IsOptional()
  REDIS_USERNAME: string | undefined = undefined;

  @IsOptional()
  REDIS_PASSWORD: string | undefined = undefined;

  @OneOf(['true', 'false'])
  REDIS_TLS = 'false';

  /** With TLS: a file with the certificates (PEM) of the authority that signed those of Redis. */
  @IsOptional()
  @CertificateFile()
  SUNDIAL_REDIS_CA: string | undefined = undefined;

  /** A check is answered within this, whatever the store does. */
  @Integer(5, 10_000)
  SUNDIAL_DEADLINE_MS = 50;

  /** The checks of a batch wait no longer than this for their turn. */
  @Integer(50, 60_000)
  SUNDIAL_BATCH_DEADLINE_MS = 2_000;

  /** The last good rules, and the journal or the counters of the embedded store. One node's own; created when missing. */
  @IsOptional()
  SUNDIAL_DATA_DIR = './data';

  /** Counters of the embedded store at most, one a rule and subject. Absent: what half of the memory holds at worst. */
  @IsOptional()
  @Integer(1, 100_000_000)
  SUNDIAL_MAX_SUBJECTS: number | undefined = undefined;

  /** Bytes of answers that callers have not read, of all connections together. */
  @Integer(1_048_576, 68_719_476_736)
  SUNDIAL_MAX_UNREAD_BYTES = 16_777_216;

  /** When a degraded decision is answered: at once (`group`), or when the journal holds it on the disk (`strict`). */
  @OneOf(['group', 'strict'])
  SUNDIAL_JOURNAL: 'group' | 'strict' = 'group';

  /** YAML, applied at start where no rules are stored yet. */
  @IsOptional()
  SUNDIAL_RULES_FILE = SAMPLE_RULES;

  /** YAML: the patterns that raise alarms (docs/alarms.md). */
  @IsOptional()
  SUNDIAL_ALARMS_FILE = SHIPPED_ALARMS;

  /** Where alarms are pushed to; absent: nowhere. */
  @IsOptional()
  @WebhookUrl()
  SUNDIAL_ALARM_WEBHOOK_URL: string | undefined = undefined;

  /** Signs what is pushed. */
  @IsOptional()
  @Like(/^\S{16,256}$/, '16 to 256 characters without spaces')
  SUNDIAL_ALARM_WEBHOOK_SECRET: string | undefined = undefined;

  /** May check and look: `[name=]secret`, separated by commas. `keySettings` reads these four. */
  @IsOptional()
  SUNDIAL_CHECK_KEYS: string | undefined = undefined;

  /** A file with more of them, one a line; read once more on SIGHUP. */
  @IsOptional()
  SUNDIAL_CHECK_KEYS_FILE: string | undefined = undefined;

  /** May do everything. */
  @IsOptional()
  SUNDIAL_ADMIN_KEYS: string | undefined = undefined;

  @IsOptional()
  SUNDIAL_ADMIN_KEYS_FILE: string | undefined = undefined;

  /** With keys: the names by which callers may reach the service. Absent: any. Without keys: loopback names only. */
  @IsOptional()
  @Like(HOST_NAMES, 'host names or IP addresses separated by commas, without ports')
  SUNDIAL_ALLOWED_HOSTS: string | undefined = undefined;

  /** Files with the keys of receipts, separated by commas: the first signs. Absent: a key that the data directory keeps. */
  @IsOptional()
  @ReceiptKeyFiles()
  SUNDIAL_RECEIPT_KEY: string | undefined = undefined;

  /** How long a receipt is valid. */
  @Integer(MIN_RECEIPT_TTL_MS, MAX_RECEIPT_TTL_MS)
  SUNDIAL_RECEIPT_TTL_MS = DEFAULT_RECEIPT_TTL_MS;

  /** Whether every write of an operator says why. */
  @OneOf(['true', 'false'])
  SUNDIAL_REQUIRE_REASON = 'false';

  /** Whether what is decided and changed is recorded (docs/ledger.md). */
  @OneOf(['on', 'off'])
  SUNDIAL_LEDGER: 'on' | 'off' = 'on';

  /** The PostgreSQL that all nodes record in. Absent: each node in files of its own, in the data directory. */
  @IsOptional()
  @PostgresUrl()
  SUNDIAL_LEDGER_URL: string | undefined = undefined;

  /** How long events are kept. */
  @Integer(1, 3_650)
  SUNDIAL_LEDGER_DAYS = 35;

  /** What events may take on the disk or in the database: beyond it the oldest day goes. */
  @Integer(16_777_216, 17_592_186_044_416)
  SUNDIAL_LEDGER_MAX_BYTES = 2_147_483_648;

  /** What this node is called in the ledger, the same after a restart. Absent: its host's name and its port. */
  @IsOptional()
  @Like(/^[\w.:-]{1,64}$/, 'up to 64 letters, digits, dots, colons, dashes and underscores')
  SUNDIAL_NODE_NAME: string | undefined = undefined;

  /** Addresses that webhooks may be sent to although they are not public, and without TLS. */
  @IsOptional()
  @AddressRanges()
  SUNDIAL_WEBHOOK_ALLOW: string | undefined = undefined;

  /** Seals the secrets of webhooks in the database: the first of them; each opens what it sealed. Absent: they are kept as they are. */
  @IsOptional()
  @Like(
    /^[^\s,]{32,256}(,[^\s,]{32,256})*$/,
    'keys of 32 to 256 characters without spaces, separated by commas',
  )
  SUNDIAL_SECRETS_KEY: string | undefined = undefined;

  /** The mail server that alarms are mailed through. */
  @IsOptional()
  @Like(/^smtps?:\/\/\S+$/, 'smtp://host:port or smtps://host:port, with user:password@ where it needs them')
  SUNDIAL_SMTP_URL: string | undefined = undefined;

  /** Whom alarms are mailed to. */
  @IsOptional()
  @Like(MAIL_ADDRESSES, '1 to 10 mail addresses separated by commas')
  SUNDIAL_ALARM_MAIL_TO: string | undefined = undefined;

  /** Whom those mails come from. */
  @IsOptional()
  @Like(MAIL_ADDRESS, 'a mail address')
  SUNDIAL_ALARM_MAIL_FROM: string | undefined = undefined;

  /** What to answer for a resource without rules. */
  @OneOf(['allow', 'deny'])
  SUNDIAL_UNKNOWN_RESOURCE: 'allow' | 'deny' = 'allow';

  /** With `SUNDIAL_LEDGER_URL`: how often a node writes what it counted, for the alarms over all nodes. */
  @Integer(100, 60_000)
  SUNDIAL_ALARM_INTERVAL_MS = 1_000;

  /** After a stop signal: how long requests are still served while readiness already fails. */
  @Integer(0, 60_000)
  SUNDIAL_LAME_DUCK_MS = 500;

  /** After that: how long requests in flight may take to finish. */
  @Integer(0, 600_000)
  SUNDIAL_SHUTDOWN_GRACE_MS = 5_000;

  /** Shifts the store's clock, for tests of the calendar. */
  @Integer(-CENTURY_MS, CENTURY_MS)
  SUNDIAL_CLOCK_OFFSET_MS = 0;

  /** Whether the ledger's events are lines of the log too, and whether they name subjects (docs/structured-log.md). */
  @OneOf(['off', 'on', 'with-subjects'])
  SUNDIAL_LOG_EVENTS: 'off' | 'on' | 'with-subjects' = 'off';

  @Transform(({ value }) => String(value).toLowerCase())
  @OneOf(LOG_LEVELS)
  LOG_LEVEL: (typeof LOG_LEVELS)[number] = 'info';
}
