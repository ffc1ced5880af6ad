import type { Provider } from '@nestjs/common';
import { QuotaEngine, type Store } from '@sundial/engine';
import { hostname } from 'node:os';
import { Registry } from 'prom-client';
import { STORE } from '../composition.js';
import { FileConditions } from '../files/file-conditions.js';
import { LOG, type Log } from '../logging/log.js';
import { SETTINGS, type Settings } from '../settings/settings.js';
import { AlarmAnnouncer } from './alarm-announcer.js';
import { AlarmBoard } from './alarm-board.js';
import { AlarmLedger } from './alarm-ledger.js';
import { AlarmMetrics } from './alarm-metrics.js';
import { AlarmObserver } from './alarm-observer.js';
import { AlarmTicker } from './alarm-ticker.js';
import { loadAlarmFile } from './patterns/alarm-file.js';
import type { AlarmPattern } from './patterns/alarm-pattern.js';
import { Webhook } from './webhook/webhook.js';

const PATTERNS = Symbol('AlarmPatterns');
const WEBHOOK = Symbol('Webhook');

/** Decisions → `AlarmObserver` → `AlarmBoard` → `AlarmAnnouncer` → ledger, log, metrics, webhook. */
export const ALARM_PROVIDERS: Provider[] = [
  {
    provide: PATTERNS,
    inject: [SETTINGS],
    useFactory: ({ alarmsFile }: Settings) => loadAlarmFile(alarmsFile),
  },
  { provide: WEBHOOK, inject: [SETTINGS, LOG], useFactory: createWebhook },
  { provide: AlarmLedger, useFactory: () => new AlarmLedger() },
  {
    provide: AlarmAnnouncer,
    inject: [SETTINGS, LOG, Registry, PATTERNS, AlarmLedger, WEBHOOK],
    useFactory: createAnnouncer,
  },
  {
    provide: AlarmBoard,
    inject: [PATTERNS, AlarmAnnouncer],
    useFactory: (patterns: readonly AlarmPattern[], announcer: AlarmAnnouncer) =>
      new AlarmBoard(patterns, (notice) => announcer.announce(notice)),
  },
  {
    provide: AlarmObserver,
    inject: [AlarmBoard, STORE, FileConditions],
    useFactory: createObserver,
  },
  {
    provide: AlarmTicker,
    inject: [QuotaEngine, AlarmObserver, AlarmBoard, WEBHOOK, LOG, SETTINGS],
    useFactory: createTicker,
  },
];

function createWebhook({ alarmWebhook }: Settings, log: Log): Webhook | null {
  if (!alarmWebhook) return null;
  return new Webhook({
    ...alarmWebhook,
    onTrouble: (outcome, reason) => log.warn({ outcome, reason }, 'a notice of an alarm was not delivered'),
  });
}

function createAnnouncer(
  { port }: Settings,
  log: Log,
  registry: Registry,
  patterns: readonly AlarmPattern[],
  ledger: AlarmLedger,
  webhook: Webhook | null,
): AlarmAnnouncer {
  const metrics = new AlarmMetrics(registry, { patterns, ledger, webhook });
  return new AlarmAnnouncer(`${hostname()}:${port}`, { ledger, log, metrics, webhook });
}

function createObserver(board: AlarmBoard, { kind }: Store, files: FileConditions): AlarmObserver {
  const observer = new AlarmObserver(board, kind);
  files.onChange((condition, holds) => observer.fileConditionChanged(condition, holds));
  return observer;
}

function createTicker(
  engine: QuotaEngine,
  observer: AlarmObserver,
  board: AlarmBoard,
  webhook: Webhook | null,
  log: Log,
  { clockOffsetMs }: Settings,
): AlarmTicker {
  return new AlarmTicker({ engine, observer, board, webhook, log, clockOffsetMs });
}
