import { Injectable } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';
import { LiveStreams } from './live-streams.js';

/** The streams at the moment of a scrape. */
@Injectable()
export class LiveMetrics {
  constructor(registry: Registry, streams: LiveStreams) {
    new Gauge({
      name: 'sundial_live_streams',
      help: 'Streams of GET /admin/live that this node sends',
      registers: [registry],
      collect() {
        this.set(streams.count);
      },
    });
  }
}
