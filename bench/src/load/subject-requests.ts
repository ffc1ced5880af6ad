import { postRequest } from '../../../test/support/http-connection.js';
import type { Requests } from './http-load.js';

/** A prime: subjects come in an order that no cache likes, each as often as the others. */
const STRIDE = 7_368_787;
const DIGITS = 7;
const USER = `u${'0'.repeat(DIGITS)}`;

/** A check of each of so many subjects, made when it is due. */
export class SubjectRequests implements Requests {
  readonly #template = postRequest('/check', { resource: 'ocr', subject: { user: USER } });
  readonly #digitsAt = this.#template.indexOf(USER) + 1;

  constructor(
    readonly length: number,
    private readonly first = 0,
  ) {}

  at(index: number): Buffer {
    const request = Buffer.from(this.#template);
    const subject = ((this.first + index) * STRIDE) % this.length;
    request.write(String(subject).padStart(DIGITS, '0'), this.#digitsAt, 'latin1');
    return request;
  }

  /** So that the next load asks about those that come after the last one. */
  after(asked: number): SubjectRequests {
    return new SubjectRequests(this.length, (this.first + asked) % this.length);
  }
}
