import { Inject, Injectable } from '@nestjs/common';
import type { HourlyVolume } from '@sundial/ledger';
import { performance } from 'node:perf_hooks';
import { SETTINGS, type Settings } from '../config/settings.js';
import { LedgerRecorder } from '../ledger/recording/ledger-recorder.js';
import { NodeLedger } from '../ledger/recording/node-ledger.js';
import type { AlarmSignal } from './evaluators/alarm-signal.js';
import type { AlarmPattern } from './patterns/alarm-pattern.js';
import { ALARM_PATTERNS } from './tokens.js';

export type VolumeRead = Extract<AlarmSignal, { readonly kind: 'volume-read' }>;

/** The ledger sums up what it has written every 30 s; alarms that are judged more often than once a second (in tests) read it more often. */
const READ_EVERY_MS = 30_000;
const INTERVALS = 30;

/** Reads from the ledger what `volume` with a `factor` compares, where there is such a pattern and a ledger. */
@Injectable()
export class VolumesOfLedger {
  /** No pattern asks for fewer decisions. */
  readonly #least: number;
  readonly #everyMs: number;
  #readAt = -Infinity;
  #last: readonly VolumeRead[] = [];

  constructor(
    private readonly node: NodeLedger,
    private readonly recorder: LedgerRecorder,
    @Inject(ALARM_PATTERNS) patterns: readonly AlarmPattern[],
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    const numbers = patterns.map((one) =>
      one.kind === 'volume' && one.factor !== undefined ? one.decisions : Infinity,
    );
    this.#least = Math.min(Infinity, ...numbers);
    this.#everyMs = Math.min(READ_EVERY_MS, INTERVALS * settings.alarmIntervalMs);
  }

  /** What may matter to a pattern, as it was read last. */
  async read(): Promise<readonly VolumeRead[]> {
    const { ledger } = this.node;
    const at = performance.now();
    if (ledger === undefined || this.#least === Infinity || at - this.#readAt < this.#everyMs)
      return this.#last;
    this.#readAt = at;
    this.#last = this.#signals(await ledger.questions.volumes(this.recorder.now).catch(() => []));
    return this.#last;
  }

  /** Also of a resource that mattered and does no longer, so that this is known at once. */
  #signals(volumes: readonly HourlyVolume[]): readonly VolumeRead[] {
    const dependency = this.settings.redis ? 'redis' : 'embedded';
    const numbers = new Map<string, HourlyVolume>();
    for (const { channel, decisions } of this.#last) {
      const { resource } = channel;
      if (decisions >= this.#least) numbers.set(resource, { resource, decisions: 0, yesterday: 0 });
    }
    for (const volume of volumes)
      if (volume.decisions >= this.#least || numbers.has(volume.resource))
        numbers.set(volume.resource, volume);
    return [...numbers.values()].map(({ resource, decisions, yesterday }) => ({
      ...{ kind: 'volume-read', channel: { resource, dependency }, decisions, yesterday },
    }));
  }
}
