import { type BeforeApplicationShutdown, Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { AlarmStore, type KeptIncident } from '@sundial/ledger';
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { SETTINGS, type Settings } from '../config/settings.js';
import { NodeLedger } from '../ledger/recording/node-ledger.js';
import { LOG, type Log } from '../logging/log.js';
import { AlarmAnnouncer } from './alarm-announcer.js';
import { AlarmLedger } from './alarm-ledger.js';
import { type Alarm, raisedAlarm } from './alarm.js';
import { TallyOfNode } from './cluster/node-tally.js';
import { isShared, type SharedPattern } from './cluster/shared-pattern.js';
import type { AlarmPattern } from './patterns/alarm-pattern.js';
import { TallyJudge } from './tally-judge.js';
import { ALARM_PATTERNS } from './tokens.js';
import { VolumesOfLedger } from './volumes-of-ledger.js';
import type { Incident, Notification } from './watch.js';

/** So many intervals without a word of the node that judges, and another one does; without an answer of the database, each for itself. */
const PATIENCE = 5;
/** A stop waits so long for the database: the lease ends by itself, too. */
const RELEASE_LIMIT_MS = 300;
const FORGET_EVERY_MS = 60_000;

/**
 * Alarms over all nodes, where these share a database: each node writes what it counted, and one at a time, which holds the lease, judges the
 * sums and announces. What it announces is kept there until it was sent, so that the next one sends what is not, repeats nothing else, and ends it.
 */
@Injectable()
export class AlarmsOfAllNodes implements OnModuleInit, BeforeApplicationShutdown {
  readonly #holder = randomUUID();
  readonly #patterns: readonly SharedPattern[];
  #store: AlarmStore | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isLeaving = false;
  #answeredAt = -Infinity;
  #isAway = false;
  #row = 0;
  /** While this node holds the lease. */
  #judge: TallyJudge | undefined;
  /** Incidents that are not over, by their keys. */
  #known = new Map<string, Alarm>();
  #forgotAt = 0;
  /** What was sent, and the database does not know yet. */
  readonly #sent = new Set<{ readonly kind: Notification['kind']; readonly id: string }>();
  readonly #patienceMs: number;

  constructor(
    private readonly node: NodeLedger,
    private readonly tally: TallyOfNode,
    private readonly announcer: AlarmAnnouncer,
    private readonly listed: AlarmLedger,
    private readonly volumes: VolumesOfLedger,
    @Inject(ALARM_PATTERNS) patterns: readonly AlarmPattern[],
    @Inject(LOG) private readonly log: Log,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    this.#patterns = patterns.filter(isShared);
    this.#patienceMs = PATIENCE * settings.alarmIntervalMs;
  }

  onModuleInit(): void {
    if (this.settings.ledger?.url === undefined || this.#patterns.length === 0) return;
    this.#timer = setInterval(() => this.#run(), this.settings.alarmIntervalMs).unref();
  }

  /** Another node goes on at once. */
  async beforeApplicationShutdown(): Promise<void> {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#isLeaving = true;
    const limit = new AbortController();
    const late = sleep(RELEASE_LIMIT_MS, undefined, { signal: limit.signal }).catch(() => undefined);
    await Promise.race([this.#leave().catch(() => undefined), late]);
    limit.abort();
  }

  /** One of the nodes judges the patterns that all share. */
  get isJudged(): boolean {
    return performance.now() - this.#answeredAt < this.#patienceMs;
  }

  /** One at a time: a slow database makes longer intervals. */
  #run(): void {
    if (this.node.ledger !== undefined)
      this.#running ??= this.#once().finally(() => (this.#running = undefined));
  }

  async #once(): Promise<void> {
    try {
      await this.#cycle();
      if (this.#isAway) this.log.info('alarms are judged over all nodes again');
      this.#isAway = false;
    } catch (error) {
      this.#stepDown();
      if (!this.#isAway && !this.#isLeaving)
        this.log.warn(
          { err: error },
          'the database of alarms over all nodes is away: each node judges its own',
        );
      this.#isAway = true;
    }
  }

  /** What was counted since the last interval is written, too. */
  async #leave(): Promise<void> {
    await this.#running;
    if (this.#store === undefined) return;
    await this.#report(this.#store);
    await this.#noteSent(this.#store);
    await this.#store.release(this.#holder);
  }

  async #cycle(): Promise<void> {
    const store = (this.#store ??= new AlarmStore(this.node.database));
    await this.#report(store);
    await this.#noteSent(store);
    const { isMine, now } = await store.lease('patterns', this.#holder, this.#patienceMs);
    if (!isMine) this.#stepDown();
    else if (this.#judge === undefined) await this.#takeOver(store, now);
    else await this.#goOn(store, this.#judge, now);
    this.#answeredAt = performance.now();
  }

  async #report(store: AlarmStore): Promise<void> {
    const tally = this.tally.drain();
    if (tally) await store.report(this.node.node, this.#nextRow(), JSON.stringify(tally));
  }

  /** Rows of a node are distinguished by a number that grows, also over a restart. */
  #nextRow(): number {
    return (this.#row = Math.max(this.#row + 1, Date.now()));
  }

  /** Until it is noted, the next node that judges sends it again. */
  async #noteSent(store: AlarmStore): Promise<void> {
    for (const sent of [...this.#sent]) {
      if (sent.kind === 'raised') await store.announced(sent.id);
      else await store.forgetIncident(sent.id);
      this.#sent.delete(sent);
    }
  }

  async #goOn(store: AlarmStore, judge: TallyJudge, now: number): Promise<void> {
    judge.take(await this.volumes.read());
    await judge.goOn(now);
    for (const { kind, incident } of judge.heard()) {
      if (kind === 'raised') await this.#raise(store, judge, incident);
      else await this.#clear(store, keyOf(incident));
    }
    if (now - this.#forgotAt < FORGET_EVERY_MS) return;
    this.#forgotAt = now;
    await store.forget(now - TallyJudge.memoryOf(this.#patterns) - FORGET_EVERY_MS);
  }

  /** What is over was announced, or is now; what holds is announced unless the node before has done so. */
  async #takeOver(store: AlarmStore, now: number): Promise<void> {
    const judge = new TallyJudge(store, this.#patterns);
    const renew = async () => {
      const { isMine } = await store.lease('patterns', this.#holder, this.#patienceMs);
      this.#answeredAt = performance.now();
      return isMine;
    };
    if (!(await judge.catchUp(now, renew))) return;
    judge.take(await this.volumes.read());
    this.#inherit(store, await store.incidents());
    const holding = new Map<string, Incident>();
    for (const { kind, incident } of judge.heard()) {
      if (kind === 'raised') holding.set(keyOf(incident), incident);
      else holding.delete(keyOf(incident));
    }
    for (const incident of holding.values()) await this.#raise(store, judge, incident);
    for (const key of this.#known.keys()) if (!holding.has(key)) await this.#clear(store, key);
    this.#judge = judge;
    this.log.info({ lease: this.#holder }, 'this node judges the alarms over all nodes now');
  }

  /** What the node before this one had not sent is sent; it may have been on its way. */
  #inherit(store: AlarmStore, incidents: readonly KeptIncident[]): void {
    for (const { key, alarm: text, isAnnounced } of incidents) {
      const alarm = JSON.parse(text) as Alarm;
      if (alarm.clearedAt === null) {
        this.#known.set(key, alarm);
        this.listed.share(alarm);
      }
      if (!isAnnounced) this.#announce(store, 'raised', { ...alarm, clearedAt: null });
      if (alarm.clearedAt !== null) this.#announce(store, 'cleared', alarm);
    }
  }

  #announce(store: AlarmStore, kind: Notification['kind'], alarm: Alarm): void {
    const note = async () => {
      this.#sent.add({ kind, id: alarm.id });
      await this.#noteSent(store);
    };
    void this.announcer
      .announceShared(kind, alarm)
      .then(note)
      .catch(() => undefined);
  }

  async #raise(store: AlarmStore, judge: TallyJudge, incident: Incident): Promise<void> {
    const key = keyOf(incident);
    if (this.#known.has(key)) return;
    const evidence = { ...incident.evidence, nodes: judge.contributorsTo(incident) };
    const alarm: Alarm = {
      ...raisedAlarm({ ...incident, evidence }, randomUUID(), new Date()),
      scope: 'all nodes',
    };
    if (!(await store.begin(key, textOf(alarm)))) return;
    this.#known.set(key, alarm);
    this.#announce(store, 'raised', alarm);
  }

  async #clear(store: AlarmStore, key: string): Promise<void> {
    const alarm = this.#known.get(key);
    if (alarm === undefined) return;
    const over = { ...alarm, clearedAt: new Date().toISOString() };
    if (await store.end(key, textOf(over))) this.#announce(store, 'cleared', over);
    this.#known.delete(key);
  }

  #stepDown(): void {
    this.#judge = undefined;
    this.#known.clear();
    this.listed.releaseShared();
  }
}

function textOf(alarm: Alarm): { readonly id: string; readonly alarm: string } {
  return { id: alarm.id, alarm: JSON.stringify(alarm) };
}

function keyOf({ pattern, channel }: Incident): string {
  return channel ? `${pattern.id} ${channel.dependency} ${channel.resource}` : pattern.id;
}
