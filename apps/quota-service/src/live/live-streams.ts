import {
  Inject,
  Injectable,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { SETTINGS, type Settings } from '../config/settings.js';
import { MAX_LIVE_STREAMS, MAX_LIVE_STREAMS_AN_ACTOR } from '../http/bounds.js';
import { Problem } from '../http/problems/problem.js';
import { LiveFrames } from './live-frame.js';
import { LiveStream, type LiveReader } from './live-stream.js';
import { NodeReports } from './node-reports.js';

const FRAME_MS = 1_000;
/** How long a first frame waits for what the other nodes say. */
const FIRST_LIST_MS = 300;

/**
 * The streams of this node, all sent the same frame once a second. Where nodes share a store each says once a second what it is like,
 * also while no stream is open: one write. All else is done only for readers.
 */
@Injectable()
export class LiveStreams implements OnModuleInit, OnModuleDestroy, OnApplicationShutdown {
  readonly #streams = new Set<LiveStream>();
  #timer: NodeJS.Timeout | undefined;
  #sequence = 0;
  #isLeaving = false;

  constructor(
    private readonly frames: LiveFrames,
    private readonly reports: NodeReports,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  onModuleInit(): void {
    if (this.#isShared) this.#begin();
  }

  /** At once, and before anything else that a stop waits for. */
  onModuleDestroy(): void {
    this.#isLeaving = true;
    for (const stream of this.#streams) stream.end('shutting-down');
  }

  onApplicationShutdown(): void {
    this.#pause();
  }

  get count(): number {
    return this.#streams.size;
  }

  /** @throws Problem where there are too many, or the node is leaving. */
  assertRoomFor({ browser, actor }: Pick<LiveReader, 'browser' | 'actor'>): void {
    if (this.#isLeaving) throw LEAVING();
    const others = [...this.#streams].filter(({ reader }) => !isSame(reader.browser, browser));
    const ofActor = others.filter(({ reader }) => reader.actor === actor).length;
    if (others.length < MAX_LIVE_STREAMS && ofActor < MAX_LIVE_STREAMS_AN_ACTOR) return;
    throw TOO_MANY();
  }

  /** After `assertRoomFor`. Another stream of the same browser ends. */
  open(reader: LiveReader): void {
    for (const stream of this.#streams)
      if (isSame(stream.reader.browser, reader.browser)) stream.end('replaced');
    const stream = new LiveStream(reader, (closed) => this.#forget(closed));
    this.#streams.add(stream);
    this.#begin();
    void this.#greet(stream);
  }

  async #greet(stream: LiveStream): Promise<void> {
    const patience = new AbortController();
    await Promise.race([
      Promise.all([this.reports.tell(), this.reports.read()]),
      sleep(FIRST_LIST_MS, undefined, { ref: false, signal: patience.signal }).catch(() => undefined),
    ]);
    patience.abort();
    if (this.#streams.has(stream)) stream.send(this.#event());
  }

  #begin(): void {
    this.#timer ??= setInterval(() => void this.#beat(), FRAME_MS).unref();
  }

  #pause(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #beat(): Promise<void> {
    await this.reports.tell();
    if (this.#streams.size === 0) return;
    // The next frame has what it brings: none waits for the store.
    void this.reports.read();
    const event = this.#event();
    for (const stream of this.#streams) {
      if (stream.reader.isAdmitted()) stream.send(event);
      else stream.end('session-ended');
    }
  }

  #event(): string {
    this.#sequence++;
    return `id: ${this.#sequence}\ndata: ${JSON.stringify(this.frames.current())}\n\n`;
  }

  #forget(stream: LiveStream): void {
    this.#streams.delete(stream);
    if (this.#streams.size === 0 && !this.#isShared) this.#pause();
  }

  get #isShared(): boolean {
    return this.settings.redis !== undefined;
  }
}

function isSame(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && one === other;
}

const LATER = { headers: { 'retry-after': '5' } };
const TOO_MANY = () =>
  new Problem(
    'too-many-streams',
    `This node sends ${MAX_LIVE_STREAMS} streams at most, and ${MAX_LIVE_STREAMS_AN_ACTOR} to one key: close another one, or ask another node.`,
    LATER,
  );
const LEAVING = () => new Problem('shutting-down', 'This node is shutting down: ask another one.', LATER);
