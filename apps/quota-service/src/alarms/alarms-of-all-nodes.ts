import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { AlarmStore } from '@sundial/ledger';
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
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
import type { Incident } from './watch.js';

const INTERVAL_MS = 1_000;
/** A node that judges and says nothing for so long has its place taken. */
const LEASE_MS = 5_000;
/** Without an answer of the database for so long, each node judges for itself. */
const PATIENCE_MS = 5_000;
const FORGET_EVERY_MS = 60_000;

/**
 * Alarms over all nodes, where these share a database: each node writes what it counted, and one at a time, which holds the lease, judges the
 * sums and announces. What is announced is kept there, so that the next one neither repeats it nor forgets that it is to end.
 */
@Injectable()
export class AlarmsOfAllNodes implements OnModuleInit, OnApplicationShutdown {
  readonly #holder = randomUUID();
  readonly #patterns: readonly SharedPattern[];
  #store: AlarmStore | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isBusy = false;
  #answeredAt = -Infinity;
  #isAway = false;
  /** While this node holds the lease. */
  #judge: TallyJudge | undefined;
  /** Incidents that are not over, by their keys. */
  #known = new Map<string, Alarm>();
  #forgotAt = 0;

  constructor(
    private readonly node: NodeLedger,
    private readonly tally: TallyOfNode,
    private readonly announcer: AlarmAnnouncer,
    private readonly listed: AlarmLedger,
    @Inject(ALARM_PATTERNS) patterns: readonly AlarmPattern[],
    @Inject(LOG) private readonly log: Log,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    this.#patterns = patterns.filter(isShared);
  }

  onModuleInit(): void {
    if (this.settings.ledger?.url === undefined || this.#patterns.length === 0) return;
    this.#timer = setInterval(() => void this.#run(), INTERVAL_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** One of the nodes judges the patterns that all share. */
  get isJudged(): boolean {
    return performance.now() - this.#answeredAt < PATIENCE_MS;
  }

  /** One at a time: a slow database makes longer intervals. */
  async #run(): Promise<void> {
    if (this.#isBusy || this.node.ledger === undefined) return;
    this.#isBusy = true;
    try {
      await this.#cycle();
      if (this.#isAway) this.log.info('alarms are judged over all nodes again');
      this.#isAway = false;
    } catch (error) {
      this.#stepDown();
      if (!this.#isAway && this.#timer !== undefined)
        this.log.warn(
          { err: error },
          'the database of alarms over all nodes is away: each node judges its own',
        );
      this.#isAway = true;
    } finally {
      this.#isBusy = false;
    }
  }

  async #cycle(): Promise<void> {
    const store = (this.#store ??= new AlarmStore(this.node.database));
    const tally = this.tally.drain();
    if (tally) await store.report(this.node.node, Math.floor(Date.now() / 1_000), JSON.stringify(tally));
    const { isMine, now } = await store.lease(this.#holder, LEASE_MS);
    if (!isMine) this.#stepDown();
    else if (this.#judge === undefined) await this.#takeOver(store, now);
    else await this.#goOn(store, this.#judge, now);
    this.#answeredAt = performance.now();
  }

  async #goOn(store: AlarmStore, judge: TallyJudge, now: number): Promise<void> {
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
      const { isMine } = await store.lease(this.#holder, LEASE_MS);
      this.#answeredAt = performance.now();
      return isMine;
    };
    if (!(await judge.catchUp(now, renew))) return;
    const incidents = await store.incidents();
    this.#known = new Map([...incidents].map(([key, alarm]) => [key, JSON.parse(alarm) as Alarm]));
    for (const alarm of this.#known.values()) this.listed.share(alarm);
    const holding = new Map<string, Incident>();
    for (const { kind, incident } of judge.heard()) {
      if (kind === 'raised') holding.set(keyOf(incident), incident);
      else holding.delete(keyOf(incident));
    }
    for (const incident of holding.values()) await this.#raise(store, judge, incident);
    for (const key of this.#known.keys()) if (!holding.has(key)) await this.#clear(store, key);
    this.#judge = judge;
    this.log.info('this node judges the alarms over all nodes now');
  }

  async #raise(store: AlarmStore, judge: TallyJudge, incident: Incident): Promise<void> {
    const key = keyOf(incident);
    if (this.#known.has(key)) return;
    const evidence = { ...incident.evidence, nodes: judge.contributorsTo(incident) };
    const alarm: Alarm = {
      ...raisedAlarm({ ...incident, evidence }, randomUUID(), new Date()),
      scope: 'all nodes',
    };
    if (!(await store.begin(key, JSON.stringify(alarm)))) return;
    this.#known.set(key, alarm);
    this.announcer.announceShared('raised', alarm);
  }

  async #clear(store: AlarmStore, key: string): Promise<void> {
    const alarm = this.#known.get(key);
    if (alarm === undefined) return;
    if (await store.end(key))
      this.announcer.announceShared('cleared', { ...alarm, clearedAt: new Date().toISOString() });
    this.#known.delete(key);
  }

  #stepDown(): void {
    this.#judge = undefined;
    this.#known.clear();
    this.listed.releaseShared();
  }
}

function keyOf({ pattern, channel }: Incident): string {
  return channel ? `${pattern.id} ${channel.dependency} ${channel.resource}` : pattern.id;
}
