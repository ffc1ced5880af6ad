import { Inject, Injectable } from '@nestjs/common';
import type { BodyTemplate, CloudEvent } from '@sundial/ledger';
import { SETTINGS, type Settings } from '../config/settings.js';
import { AddressGuard, parseRanges } from './sending/address-guard.js';
import { rendered } from './sending/body-template.js';
import { guardedPost, type PostResult } from './sending/guarded-post.js';
import { signedHeaders } from './signature.js';

/** Where an event goes, and with what it is signed. */
export interface DeliveryTarget {
  readonly url: string;
  readonly secret: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly template?: BodyTemplate;
}

/** Sends one event to one webhook, once: the only way to an address that an API has set. */
@Injectable()
export class DeliveryAttempt {
  readonly guard: AddressGuard;

  constructor(@Inject(SETTINGS) { webhookAllow }: Settings) {
    this.guard = new AddressGuard(webhookAllow === undefined ? [] : parseRanges(webhookAllow));
  }

  send(
    { url, secret, headers: own, template }: DeliveryTarget,
    event: string,
    signal?: AbortSignal,
  ): Promise<PostResult> {
    const parsed = JSON.parse(event) as CloudEvent;
    const body = template === undefined ? event : rendered(template, parsed);
    const headers = {
      ...own,
      'content-type': template?.contentType ?? 'application/cloudevents+json',
      'user-agent': 'sundial',
      'sundial-event-id': parsed.id,
      ...signedHeaders(secret, body, new Date()),
    };
    return guardedPost({ url, body, headers }, { guard: this.guard, ...(signal && { signal }) });
  }
}
