import { Injectable } from '@nestjs/common';
import { AlarmAnnouncer } from './alarm-announcer.js';
import { AlarmsOfAllNodes } from './alarms-of-all-nodes.js';
import { isShared } from './cluster/shared-pattern.js';
import type { Incident, Notification } from './watch.js';

/**
 * What the node's own evaluator finds. While the patterns that nodes share are judged over all of them, the node keeps its own findings about
 * these to itself; once they no longer are, it announces those that still hold.
 */
@Injectable()
export class LocalAlarms {
  readonly #kept = new Set<Incident>();

  constructor(
    private readonly announcer: AlarmAnnouncer,
    private readonly allNodes: AlarmsOfAllNodes,
  ) {}

  hear(notification: Notification): void {
    const { kind, incident } = notification;
    if (kind === 'cleared' && this.#kept.delete(incident)) return;
    if (kind === 'raised' && isShared(incident.pattern) && this.allNodes.isJudged) this.#kept.add(incident);
    else this.announcer.announce(notification);
  }

  tick(): void {
    if (this.#kept.size === 0 || this.allNodes.isJudged) return;
    for (const incident of this.#kept) this.announcer.announce({ kind: 'raised', incident });
    this.#kept.clear();
  }
}
