import { createHmac, randomBytes } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ANONYMOUS, type Key } from '../../config/key.js';
import { admitted, type Caller, type KeyRing, type Need } from '../keys/key-ring.js';
import { Problem } from '../problems/problem.js';
import { EndedSessions } from './ended-sessions.js';
import { crossSiteRefusal, isFromHttps } from './same-origin.js';
import { sessionCookieIn, setCookie } from './session-cookie.js';
import { seal, unseal, type Session } from './session-token.js';

/** However busy its holder is. */
export const MAX_SESSION_MS = 12 * 60 * 60_000;
/** Without a request that its holder made. */
export const MAX_IDLE_MS = 30 * 60_000;
/** A cookie is sent again when it is so old: not with each of a page's requests. */
const RENEW_AFTER_MS = 60_000;
/** What a page asks for by itself, such as every few seconds, keeps no session alive. */
const BACKGROUND_HEADER = 'x-sundial-background';

interface SessionsOptions {
  readonly keys: KeyRing;
  /** What all nodes sign sessions with; the first signs, each verifies. */
  readonly signing: () => readonly Buffer[];
  /** The store's clock. */
  readonly now: () => number;
}

/**
 * Sessions of browsers that signed in with an admin key. All of a session is in its cookie, signed with what the nodes share, so
 * that any node behind a balancer takes it and none remembers it. It has the role that its key has now, and ends with the key.
 */
export class Sessions {
  readonly #ended = new EndedSessions();

  constructor(private readonly options: SessionsOptions) {}

  /** Whether a browser is to sign in at all: where no keys are set everything is open. */
  get areNeeded(): boolean {
    return !this.options.keys.isEmpty;
  }

  /** Always a new session: one that the browser brought is ended. @throws Problem where another site asks, or without such a key. */
  begin(secret: string, request: FastifyRequest, reply: FastifyReply): Key {
    const { keys, now } = this.options;
    assertOwnPage(request);
    const key = keys.adminKey(secret);
    if (key === undefined) throw NO_ADMIN_KEY();
    this.#forget(request);
    const at = now();
    const id = randomBytes(16).toString('base64url');
    const isSecure = isFromHttps(request.headers);
    this.#send({ id, key: this.#nameOf(key), begunAt: at, seenAt: at, isSecure }, reply);
    return key;
  }

  /** @throws Problem where another site asks. */
  end(request: FastifyRequest, reply: FastifyReply): void {
    assertOwnPage(request);
    this.#forget(request);
    const { isSecure } = sessionCookieIn(request.headers.cookie) ?? {
      isSecure: isFromHttps(request.headers),
    };
    reply.header('set-cookie', setCookie({ token: '', isSecure }, 0));
  }

  /** Whose session the cookie of a request is, and whether it may use a route; undefined without such a cookie. */
  identify(request: FastifyRequest, reply: FastifyReply, need: Need): Caller | undefined {
    if (sessionCookieIn(request.headers.cookie) === undefined) return undefined;
    const session = this.#sessionOf(request);
    const key = session && this.#keyOf(session);
    if (session === undefined || key === undefined)
      return need.access === 'open' ? STRANGER : WITHOUT_SESSION;
    const { actor } = key;
    const refusal = isSafe(request.method) ? undefined : crossSiteRefusal(request.headers);
    if (refusal !== undefined && need.access !== 'open') return { actor, refusal };
    this.#renew(session, request, reply);
    return admitted(key, need);
  }

  /** Whether the sender of a request that was let in would be let in still: asked while its answer goes on. It prolongs no session. */
  stillAdmits(request: FastifyRequest, need: Need): boolean {
    const { authorization } = request.headers;
    const session = this.#sessionInUse(request);
    if (session === undefined) return this.options.keys.identify(authorization, need).refusal === undefined;
    const key = this.#keyOf(session);
    return key !== undefined && admitted(key, need).refusal === undefined;
  }

  /** Which session a request came with; undefined where it came with a key, or none is needed. */
  idOf(request: FastifyRequest): string | undefined {
    return this.#sessionInUse(request)?.id;
  }

  /** A key in the request goes before a session, and where no keys are set neither is looked at. */
  #sessionInUse(request: FastifyRequest): Session | undefined {
    if (this.options.keys.isEmpty || request.headers.authorization !== undefined) return undefined;
    return this.#sessionOf(request);
  }

  #sessionOf({ headers }: FastifyRequest): Session | undefined {
    const cookie = sessionCookieIn(headers.cookie);
    const session = cookie && unseal(cookie.token, this.options.signing());
    if (cookie === undefined || session === undefined || session.isSecure !== cookie.isSecure)
      return undefined;
    const isOver = this.#msLeft(session) <= 0 || this.#ended.has(session.id);
    return isOver ? undefined : session;
  }

  #msLeft({ begunAt, seenAt }: Session): number {
    return Math.min(begunAt + MAX_SESSION_MS, seenAt + MAX_IDLE_MS) - this.options.now();
  }

  #renew(session: Session, { headers }: FastifyRequest, reply: FastifyReply): void {
    const now = this.options.now();
    if (headers[BACKGROUND_HEADER] !== undefined || now - session.seenAt < RENEW_AFTER_MS) return;
    this.#send({ ...session, seenAt: now }, reply);
  }

  #send(session: Session, reply: FastifyReply): void {
    const [signing] = this.options.signing();
    const { isSecure } = session;
    reply.header(
      'set-cookie',
      setCookie({ token: seal(session, signing!), isSecure }, this.#msLeft(session)),
    );
  }

  #forget(request: FastifyRequest): void {
    const session = this.#sessionOf(request);
    if (session) this.#ended.add(session.id);
  }

  #keyOf(session: Session): Key | undefined {
    return this.options.keys.adminKeys.find((key) =>
      this.options.signing().some((signing) => nameOf(key, signing) === session.key),
    );
  }

  #nameOf(key: Key): string {
    return nameOf(key, this.options.signing()[0]!);
  }
}

/** Says which key it is to those who have it and the nodes' secret, and nothing to others. */
function nameOf({ digest }: Key, signing: Buffer): string {
  return createHmac('sha256', signing).update('key ').update(digest).digest('base64url').slice(0, 22);
}

function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

function assertOwnPage({ headers }: FastifyRequest): void {
  const refusal = crossSiteRefusal(headers);
  if (refusal) throw refusal;
}

const NO_ADMIN_KEY = () =>
  new Problem('wrong-key', 'This is no admin key of this service: check it, and which service it is for.');
const STRANGER: Caller = { actor: ANONYMOUS };
const WITHOUT_SESSION: Caller = {
  actor: ANONYMOUS,
  refusal: new Problem('session-ended', 'The session has ended: sign in again.'),
};
