import type { FastifyInstance } from 'fastify';
import { COUNTED_BYTES, type UnreadAnswers } from '../admission/unread-answers.js';

/**
 * Counts every answer while its caller has not read it. A long text is made bytes first: a text would be in memory twice,
 * for as long as its caller does not read it. What comes as bytes is not counted, since all who ask share it (assets, the
 * document).
 */
export function countAnswers(fastify: FastifyInstance, unread: UnreadAnswers): void {
  fastify.addHook('onSend', (request, reply, payload, done) => {
    if (typeof payload !== 'string') return done(null, payload);
    const { socket } = request.raw;
    const sent = payload.length < COUNTED_BYTES ? payload : Buffer.from(payload);
    const answer = unread.hold(socket, request.actor, sent.length);
    if (answer) reply.raw.once('finish', () => unread.release(answer));
    done(null, sent);
  });
}
