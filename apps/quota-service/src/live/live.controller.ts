import { Controller, Get, Req, Res } from '@nestjs/common';
import { QuotaError, said } from '@sundial/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Door } from '../http/admission/door.js';
import { Describe } from '../http/openapi/describe.js';
import { readQuery, unknownParameters } from '../http/query.js';
import { Route } from '../http/routes/route.decorator.js';
import { Sessions } from '../http/sessions/sessions.js';
import { LIVE_FRAMES } from './live.docs.js';
import { LiveStreams } from './live-streams.js';

const NEED = { access: 'admin', role: 'viewer' } as const;
const MAX_FRAMES = 1_000_000;

/** What the nodes do, second by second. */
@Controller('admin/live')
export class LiveController {
  constructor(
    private readonly streams: LiveStreams,
    private readonly sessions: Sessions,
    private readonly door: Door,
  ) {}

  @Get()
  @Describe(LIVE_FRAMES)
  @Route(NEED)
  stream(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const frames = framesIn(request.url);
    const { actor } = request;
    const browser = this.sessions.idOf(request);
    this.streams.assertRoomFor({ browser, actor });
    if (request.method === 'HEAD') return void reply.type('text/event-stream; charset=utf-8').send();
    // It is no request that a stop waits for, nor one that keeps others waiting.
    this.door.inFlight.leave(request.raw.socket);
    request.isInFlight = false;
    reply.hijack();
    this.streams.open({
      ...{ response: reply.raw, actor, browser, frames },
      headers: reply.getHeaders() as Readonly<Record<string, string | string[]>>,
      isAdmitted: () => this.sessions.stillAdmits(request, NEED),
    });
  }
}

/** @throws QuotaError `invalid-request` */
function framesIn(url: string): number {
  const values = readQuery(url);
  const frames = values.get('frames') ?? String(MAX_FRAMES);
  const isNumber = /^[1-9]\d{0,6}$/.test(frames) && Number(frames) <= MAX_FRAMES;
  const errors = [
    ...unknownParameters(values.keys(), ['frames']),
    ...(isNumber ? [] : [{ path: 'frames', ...said('whole-number', { from: 1, to: MAX_FRAMES }) }]),
  ];
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return Number(frames);
}
