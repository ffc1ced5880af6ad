import { Injectable, type OnModuleInit } from '@nestjs/common';
import { LiveRules, QuotaEngine } from '@sundial/engine';
import { EventObserver } from './event-observer.js';

/** The engine was given its observer before it had rules. */
@Injectable()
export class EventStart implements OnModuleInit {
  constructor(
    private readonly observer: EventObserver,
    private readonly engine: QuotaEngine,
    private readonly rules: LiveRules,
  ) {}

  onModuleInit(): void {
    this.observer.begin(this.rules, () => this.engine.now());
  }
}
