import { Body, Controller, Delete, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { QuotaError, said } from '@sundial/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ANONYMOUS, type Role } from '../config/key.js';
import { Problem } from '../http/problems/problem.js';
import { Route } from '../http/routes/route.decorator.js';
import { Sessions } from '../http/sessions/sessions.js';
import { SignInAttempts } from '../http/sessions/sign-in-attempts.js';
import { LOG, type Log } from '../logging/log.js';

interface SignedIn {
  readonly actor: string;
  readonly role: Role;
}

/** No key is longer. */
const MAX_KEY_LENGTH = 256;

/** Signs browsers in and out. It is for the console's own pages, so no generated client has it. */
@ApiExcludeController()
@Controller('console/session')
export class SessionController {
  readonly #attempts = new SignInAttempts();

  constructor(
    private readonly sessions: Sessions,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @Post()
  @HttpCode(200)
  @Route({ access: 'open', admission: 'never' })
  begin(
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): SignedIn {
    if (!this.sessions.areNeeded) return { actor: ANONYMOUS, role: 'admin' };
    const { remoteAddress: address = 'unknown' } = request.raw.socket;
    this.assertNotTooOften(address);
    const { actor, role = 'admin' } = this.beginWith(keyIn(body), { address, request, reply });
    this.log.info({ actor, role, address, reqId: request.id }, 'signed in to the console');
    return { actor, role };
  }

  @Delete()
  @HttpCode(204)
  @Route({ access: 'open', admission: 'never' })
  end(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): void {
    if (this.sessions.areNeeded) this.sessions.end(request, reply);
  }

  private beginWith(
    key: string,
    { address, request, reply }: { address: string; request: FastifyRequest; reply: FastifyReply },
  ) {
    try {
      return this.sessions.begin(key, request, reply);
    } catch (error) {
      if (error instanceof Problem && error.code === 'wrong-key') this.#attempts.noteWrongKey(address);
      throw error;
    }
  }

  private assertNotTooOften(address: string): void {
    const waitMs = this.#attempts.waitMs(address);
    if (waitMs === 0) return;
    const seconds = String(Math.ceil(waitMs / 1_000));
    const detail = `Too many wrong keys came from this address: sign in again in ${seconds} s.`;
    throw new Problem('too-many-attempts', detail, { headers: { 'retry-after': seconds } });
  }
}

/** @throws QuotaError `invalid-request` */
function keyIn(body: unknown): string {
  const given = typeof body === 'object' && body !== null ? body : {};
  const { key, ...others } = given as Readonly<Record<string, unknown>>;
  const isKey = typeof key === 'string' && key.length > 0 && key.length <= MAX_KEY_LENGTH;
  const errors = [
    ...(isKey ? [] : [{ path: 'key', ...said('text-length', { from: 1, to: MAX_KEY_LENGTH }) }]),
    ...Object.keys(others).map((path) => ({ path: path.slice(0, 64), ...said('unknown-field') })),
  ];
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return key as string;
}
