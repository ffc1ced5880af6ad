import { type ReceiptVerdict, receiptVerdictSchema } from '@sundial/contract';
import { Body, Controller, Get, Headers, HttpCode, Post, Req, Res } from '@nestjs/common';
import { RouteSchema } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Describe } from '../http/openapi/describe.js';
import { LedgerRecorder } from '../ledger/recording/ledger-recorder.js';
import { Route } from '../http/routes/route.decorator.js';
import type { Jwks } from './known-keys.js';
import { NodeKeys } from './node-keys.js';
import { ReceiptVerifier } from './receipt-verifier.js';
import { JWKS, VERIFY_RECEIPT } from './receipts.docs.js';
import { readVerifyRequest } from './verify-request.js';

/** For programs that do the costly work: whether a receipt pays for it, and the keys to find that out without asking. */
@Controller()
export class ReceiptsController {
  constructor(
    private readonly verifier: ReceiptVerifier,
    private readonly keys: NodeKeys,
    private readonly recorder: LedgerRecorder,
  ) {}

  @Post('receipts/verify')
  @HttpCode(200)
  @Describe(VERIFY_RECEIPT)
  @Route({ access: 'check', hot: true })
  @RouteSchema({ response: { 200: receiptVerdictSchema } })
  async verify(@Body() body: unknown, @Req() { actor, id }: FastifyRequest): Promise<ReceiptVerdict> {
    const request = readVerifyRequest(body);
    const verdict = await this.verifier.verify(request);
    if (verdict.valid && request.consume === true) {
      const { resource, subject, operationId } = verdict.claims;
      const data = { requestId: id };
      this.recorder.record({
        kind: 'receipt',
        outcome: 'consumed',
        resource,
        subject,
        operationId,
        actor,
        data,
      });
    }
    return verdict;
  }

  @Get('.well-known/jwks.json')
  @Describe(JWKS)
  @Route({ access: 'open', hot: true })
  jwks(
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Jwks['body'] | undefined {
    const { body, etag } = this.keys.jwks;
    reply.headers({ etag, 'cache-control': 'public, max-age=60' });
    if (!known?.includes(etag)) return body;
    reply.code(304);
    return undefined;
  }
}
