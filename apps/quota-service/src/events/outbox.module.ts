import { Module } from '@nestjs/common';
import { RecordingModule } from '../ledger/recording/recording.module.js';
import { Deliveries } from './deliveries.js';
import { EventMetrics } from './event-metrics.js';
import { EventObserver } from './event-observer.js';
import { EventOutbox } from './event-outbox.js';
import { OverrideTimers } from './override-timers.js';
import { EVENT_OBSERVER } from './tokens.js';

/** Where events for other systems are made. It knows neither the engine, which it observes, nor who gets them. */
@Module({
  imports: [RecordingModule],
  providers: [
    Deliveries,
    EventMetrics,
    EventOutbox,
    OverrideTimers,
    {
      provide: EventObserver,
      inject: [EventOutbox],
      useFactory: (outbox: EventOutbox) => new EventObserver(outbox),
    },
    {
      provide: EVENT_OBSERVER,
      inject: [EventOutbox, EventObserver],
      // Without a ledger there are no events, and nothing of them on the path of checks.
      useFactory: ({ isOn }: EventOutbox, observer: EventObserver) => (isOn ? observer : {}),
    },
  ],
  exports: [Deliveries, EventMetrics, EventOutbox, OverrideTimers, EventObserver, EVENT_OBSERVER],
})
export class OutboxModule {}
